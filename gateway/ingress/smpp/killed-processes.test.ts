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
  const number = (block: number | undefined, line: number): string =>
    formatNumber((block ?? 0) * 1_000 + line).slice(1);
  const esme = await bound(ports[0]);
  const ids = new Set<string>();
  const told = new Set<string>();
  for (let place = 0; place < MESSAGES; place += 1) {
    const { status, fields } = await esme.ask('SubmitSm', {
      sourceAddr: number(blocks.blocksOf('cpaas')[0], place),
      destinationAddr: number(blocks.blocksOf('verizon')[0], place),
      registeredDelivery: 1,
      shortMessage: Buffer.from('Kept.'),
    });
    expect(status).toBe(Status.Ok);
    ids.add(fields.messageId ?? '');
  }
  await worker.kill();
  // In the midst of receipts: some are acknowledged and not told of, some under way, some not read.
  esme.isPolite = false;
  while (told.size < MESSAGES / 20) {
    for (const id of takeTold(esme)) told.add(id);
    await sleep(5);
  }
  await first.kill();
  told.clear();

  const other = await bound(ports[1]);
  const hasReceipt = async (id: string): Promise<boolean> => {
    const answer = await fetch(`${second.url}/v1/messages/${id}`);
    return ((await answer.json()) as { receipt: object | null }).receipt !== null;
  };
  let missing = [...ids];
  for (let leftMs = 45_000; missing.length > MESSAGES / 10 && leftMs > 0; leftMs -= LOOK_MS) {
    await sleep(LOOK_MS);
    for (const id of takeTold(other)) told.add(id);
    missing = [...ids].filter((id) => !told.has(id));
  }
  // Of some their carrier told nothing; the others may be under way.
  await expect
    .poll(
      async () => {
        for (const id of takeTold(other)) told.add(id);
        const recorded = await Promise.all(missing.map(hasReceipt));
        return missing.filter((id, place) => recorded[place] === true && !told.has(id));
      },
      { timeout: 15_000, interval: LOOK_MS },
    )
    .toEqual([]);
  for (const id of told) expect(ids.has(id)).toBe(true);
}, 90_000);
