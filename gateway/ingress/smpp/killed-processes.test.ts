/** Receipts on whole processes, of which one of each kind is killed while they are under way. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { formatNumber, loadCarrierMap } from '../../../registry-cache/index.ts';
import { type RedisServer, startRedisServer } from '../../../scripts/redis-server.ts';
import { startTollgate, type TollgateProcess } from '../../../scripts/tollgate-process.ts';
import { Status } from '../../smpp/index.ts';
import { EsmeUnderTest } from './esme-under-test.ts';

const MESSAGES = 300;
const LOOK_MS = 250;

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
