/** Receipts on whole processes, of which one of each kind is killed while they are under way. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { formatNumber, loadCarrierMap } from '../../../registry-cache/index.ts';
import { openRedis } from '../../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer, tell } from '../../../scripts/redis-server.ts';
import { startTollgate, type TollgateProcess } from '../../../scripts/tollgate-process.ts';
import { DeliveryError } from '../../messages/index.ts';
import { Status } from '../../smpp/index.ts';
import { EsmeUnderTest } from './esme-under-test.ts';

const MESSAGES = 300;
const LOOK_MS = 250;
/** Of one message's fate in Redis, which has its error at 2. */
const FATE_BYTES = 16;

let redis: RedisServer | undefined;
const processes: TollgateProcess[] = [];
const esmes: EsmeUnderTest[] = [];

afterEach(async () => {
  for (const esme of esmes.splice(0)) esme.close();
  for (const one of processes.splice(0)) await one.kill();
  await redis?.stop();
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function start(setting: Parameters<typeof startTollgate>[0]): Promise<TollgateProcess> {
  const one = await startTollgate(setting);
  processes.push(one);
  return one;
}

async function bound(port: number): Promise<EsmeUnderTest> {
  const esme = await EsmeUnderTest.connect(port);
  esmes.push(esme);
  expect((await esme.bind('BindTransceiver')).status).toBe(Status.Ok);
  return esme;
}

/** Ids of the receipts that were heard and not looked at before. */
function takeTold(esme: EsmeUnderTest): string[] {
  return esme.heard.splice(0).flatMap(({ command, fields }) => {
    if (command !== 'DeliverSm') return [];
    return /^id:(\S+)/.exec(Buffer.from(fields.shortMessage ?? []).toString())?.[1] ?? [];
  });
}

test('every receipt reaches its ESME although the gateway that it is bound to and a worker are killed', async () => {
  redis = await startRedisServer(['--maxmemory-policy', 'noeviction']);
  const environment = { REDIS_URL: redis.url };
  const ports = [await freePort(), await freePort()] as const;
  const words = ['--delivery', 'workers', '--tariff-date', '2022-01-01', '--log-level', 'error'];
  const [first, second, worker] = await Promise.all([
    start({ environment, words: [...words, '--smpp-port', String(ports[0])] }),
    start({ environment, words: [...words, '--smpp-port', String(ports[1])] }),
    start({ command: 'worker', environment, words: ['--log-level', 'error'] }),
    start({ command: 'worker', environment, words: ['--log-level', 'error'] }),
  ]);

  const blocks = loadCarrierMap();
  const [from] = blocks.blocksOf('cpaas');
  const [to] = blocks.blocksOf('verizon');
  const number = (block: number | undefined, line: number): string =>
    formatNumber((block ?? 0) * 1_000 + line).slice(1);
  const esme = await bound(ports[0]);
  const told = new Set<string>();
  const answers = await Promise.all(
    Array.from({ length: MESSAGES }, (_, place) =>
      esme.ask('SubmitSm', {
        sourceAddr: number(from, place),
        destinationAddr: number(to, place),
        registeredDelivery: 1,
        shortMessage: Buffer.from('Kept.'),
      }),
    ),
  );
  for (const { status } of answers) expect(status).toBe(Status.Ok);
  const ids = new Set(answers.map(({ fields }) => fields.messageId ?? ''));
  // In the midst of receipts: some are acknowledged, some under way for good, some not read or not written.
  while (told.size < MESSAGES / 20) {
    await sleep(LOOK_MS / 10);
    // Without a pause between this and what follows: none is acknowledged that is not counted.
    for (const id of takeTold(esme)) told.add(id);
  }
  esme.isPolite = false;
  await worker.kill();
  for (let heard = 0; heard < MESSAGES / 20; await sleep(LOOK_MS / 10)) heard += takeTold(esme).length;
  await first.kill();

  const other = await bound(ports[1]);
  /** Whether a receipt is to come, or has come and was not told of. */
  const isOwed = async (id: string): Promise<boolean> => {
    const answer = await fetch(`${second.url}/v1/messages/${id}`);
    const { receipt, handset } = (await answer.json()) as { receipt: object | null; handset: object | null };
    return (receipt !== null || handset === null) && !told.has(id);
  };
  await expect
    .poll(
      async () => {
        for (const id of takeTold(other)) told.add(id);
        const missing = [...ids].filter((id) => !told.has(id));
        const areOwed = await Promise.all(missing.map(isOwed));
        return missing.filter((_, place) => areOwed[place] === true).length;
      },
      { timeout: 150_000, interval: LOOK_MS },
    )
    .toBe(0);
  expect(told.size).toBeGreaterThan(MESSAGES / 2);
  for (const id of told) expect(ids.has(id)).toBe(true);
}, 240_000);

/** Texts of all messages that Redis keeps as taken. */
async function textsKept(url: string): Promise<string[]> {
  const connection = await openRedis(url);
  const { client } = connection;
  const texts: string[] = [];
  for (const key of await client.keys('tollgate:{delivery}:batch:*')) {
    const fates = await client.getBuffer(key.replace(':batch:', ':fate:'));
    for (const line of ((await client.hget(key, 'lines')) ?? '').split('\n').slice(1)) {
      const [, index] = JSON.parse(line) as [number, number];
      if (fates?.[index * FATE_BYTES + 2] === DeliveryError.Superseded) continue;
      texts.push(/"(Text \d+\.)"/.exec(line)?.[1] ?? line);
    }
  }
  await connection.close();
  return texts;
}

test('scheduled messages are sent, each once, although the gateway that took them and one that sends them are killed', async () => {
  redis = await startRedisServer(['--maxmemory-policy', 'noeviction']);
  const environment = { REDIS_URL: redis.url };
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const words = ['--tariff-date', '2022-01-01', '--log-level', 'error', '--smpp-port'];
  const started = ports.map((port) => start({ environment, words: [...words, String(port)] }));
  const [first, second] = await Promise.all(started);
  const blocks = loadCarrierMap();
  const [from] = blocks.blocksOf('cpaas');
  const [to] = blocks.blocksOf('verizon');
  const number = (block: number | undefined, line: number): string =>
    formatNumber((block ?? 0) * 1_000 + line).slice(1);
  const sender = await bound(ports[0]);
  const answers = await Promise.all(
    Array.from({ length: MESSAGES }, (_, place) =>
      sender.ask('SubmitSm', {
        sourceAddr: number(from, place),
        destinationAddr: number(to, place),
        registeredDelivery: 1,
        // From four seconds on, over six.
        scheduleDeliveryTime: `0000000000${String(4 + (place % 6)).padStart(2, '0')}000R`,
        shortMessage: Buffer.from(`Text ${place}.`),
      }),
    ),
  );
  for (const { status } of answers) expect(status).toBe(Status.Ok);
  const ids = answers.map(({ fields }) => fields.messageId ?? '');
  expect(new Set(ids).size).toBe(MESSAGES);
  await first!.kill();

  const tellWaiting = async (): Promise<number> =>
    Number((await tell(redis!, 'HLEN tollgate:{delivery}:timed')).slice(1));
  await expect.poll(tellWaiting, { timeout: 30_000, interval: 5 }).toBeLessThan(MESSAGES * 0.9);
  await second!.kill();
  await expect.poll(tellWaiting, { timeout: 60_000, interval: LOOK_MS }).toBe(0);
  const receiver = await bound(ports[2]);
  for (const [place, id] of ids.entries()) {
    const answer = await receiver.ask('QuerySm', { messageId: id, sourceAddr: number(from, place) });
    expect(answer.status, id).toBe(Status.Ok);
  }
  expect((await textsKept(redis.url)).toSorted()).toEqual(ids.map((_, place) => `Text ${place}.`).toSorted());
  const told = new Map<string, number>();
  await expect
    .poll(
      () => {
        for (const id of takeTold(receiver)) told.set(id, (told.get(id) ?? 0) + 1);
        return told.size;
      },
      { timeout: 90_000, interval: LOOK_MS },
    )
    .toBeGreaterThan(MESSAGES * 0.7);
  for (const id of told.keys()) expect(ids).toContain(id);
}, 240_000);
