import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask, askJson } from '../scripts/ask.ts';
import { type ChaosReceiver, startChaosReceiver } from '../scripts/chaos-receiver.ts';
import { destinations } from '../scripts/limited-traffic.ts';
import { type RedisServer, startRedisServer } from '../scripts/redis-server.ts';
import { startTollgate, type TollgateProcess } from '../scripts/tollgate-process.ts';
import type { MessageRecord } from './messages/index.ts';

// What a sender is promised is the same whether messages are kept in Redis or nowhere, and whoever delivers them: the same tests, on
// processes of each kind. Only what is said of a process that is killed differs, and is told apart at the end.

interface Kind {
  readonly name: string;
  readonly isKept: boolean;
  /** Whether a worker of its own delivers. */
  readonly hasWorker: boolean;
}

const KINDS: readonly Kind[] = [
  { name: 'in one process, kept nowhere', isKept: false, hasWorker: false },
  { name: 'kept in Redis and delivered by the gateway', isKept: true, hasWorker: false },
  { name: 'kept in Redis and delivered by a worker', isKept: true, hasWorker: true },
];

const FROM = '+12125550123';
const CAMPAIGN = 'CTOPA01';
const BATCH = 60;
const END_TIMEOUT_MS = 20_000;
const START_TIMEOUT_MS = 60_000;

describe.each(KINDS)('messages $name', ({ isKept, hasWorker }) => {
  let receiver: ChaosReceiver;
  let redis: RedisServer | undefined;
  let gateway: TollgateProcess;
  let worker: TollgateProcess | undefined;
  const start = (): Promise<TollgateProcess> =>
    startTollgate({
      environment: redis === undefined ? {} : { REDIS_URL: redis.url },
      words: ['--log-level', 'error', ...(hasWorker ? ['--delivery', 'workers'] : [])],
    });

  beforeAll(async () => {
    receiver = await startChaosReceiver();
    if (isKept) redis = await startRedisServer(['--appendonly', 'yes']);
    gateway = await start();
    if (hasWorker) worker = await startTollgate({ command: 'worker', environment: { REDIS_URL: redis!.url } });
    await askJson(`${gateway.url}/v1/numbers/${FROM}`, 'PUT', { campaign: CAMPAIGN });
    await askJson(`${gateway.url}/v1/faults/quick`, 'PUT', { latency: { medianMs: 20, sigma: 0, capMs: 20 } });
    // Known to all processes by then.
    await sleep(400);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await Promise.all([worker?.kill(), gateway?.kill()]);
    await redis?.stop();
    await receiver?.close();
  });

  const draft = (fields: object = {}): object => ({
    from: FROM,
    to: destinations().verizon[0],
    text: 'Your table is ready.',
    callbackUrl: receiver.url,
    ...fields,
  });
  const send = async (fields: object = {}, headers: Readonly<Record<string, string>> = {}) => {
    const body = JSON.stringify(draft(fields));
    const all = { 'content-type': 'application/json', ...headers };
    const { status, text } = await ask(`${gateway.url}/v1/messages`, { method: 'POST', headers: all, body });
    return { status, text, body: JSON.parse(text) as { id: string; decision: string; price: { totalMicros: number } } };
  };
  const read = async (id: string): Promise<MessageRecord> => {
    const { text } = await ask(`${gateway.url}/v1/messages/${id}`);
    return JSON.parse(text) as MessageRecord;
  };
  const ended = async (id: string): Promise<MessageRecord> => {
    for (let waitedMs = 0; waitedMs < END_TIMEOUT_MS; waitedMs += 20) {
      const record = await read(id);
      if (record.handset !== null && record.receipt !== null) return record;
      await sleep(20);
    }
    throw new Error(`${id} has not ended`);
  };
  const postsOf = (id: string) => receiver.posts.filter(({ messageId }) => messageId === id);

  test('are readable once they are answered, end once, and are told of once', async () => {
    const { status, body } = await send({ reference: 'one' });
    expect(status).toBe(202);
    expect(await read(body.id)).toMatchObject({ id: body.id, decision: 'accepted', reference: 'one' });
    const record = await ended(body.id);
    expect(record.price).toEqual(body.price);
    expect(record.receipt!.at <= record.handset!.at).toBe(true);
    await expect.poll(() => postsOf(body.id).length).toBe(1);
    expect(await read(body.id)).toEqual(record);
  });

  test('of a batch do so too, each line by its index', async () => {
    const lines = Array.from({ length: BATCH }, (_, index) =>
      JSON.stringify(
        draft({ reference: `line ${index}`, to: index === 7 ? 'nowhere' : destinations().tmobile[index % 5] }),
      ),
    );
    const headers = { 'content-type': 'application/x-ndjson' };
    const asked = { method: 'POST', headers, body: lines.join('\n') };
    const { status, text } = await ask(`${gateway.url}/v1/messages/batch`, asked);
    expect(status).toBe(200);
    const results = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { index: number; id?: string; status: string });
    expect(results.map(({ index }) => index)).toEqual(lines.map((_, index) => index));
    expect(results[7]).toMatchObject({ status: 'invalid' });
    const ids = results.flatMap(({ id }) => id ?? []);
    expect(ids).toHaveLength(BATCH - 1);
    const records = await Promise.all(ids.map(ended));
    expect(new Set(records.map(({ reference }) => reference)).size).toBe(BATCH - 1);
    await expect.poll(() => ids.every((id) => postsOf(id).length === 1), { timeout: END_TIMEOUT_MS }).toBe(true);
  });

  test('under a key are taken once, and the first answer is repeated', async () => {
    const key = { 'idempotency-key': 'order 7' };
    const first = await send({ reference: 'keyed' }, key);
    const again = await send({ reference: 'keyed' }, key);
    expect(again.text).toBe(first.text);
    expect((await send({ reference: 'another' }, key)).status).toBe(422);
    await ended(first.body.id);
    await expect.poll(() => receiver.posts.filter(({ reference }) => reference === 'keyed').length).toBe(1);
  });

  test('that are refused cost nothing, go nowhere and say why', async () => {
    const landline = await send({ to: '+12122000000', reference: 'refused' });
    expect(landline.status).toBe(422);
    await sleep(200);
    expect(receiver.posts.filter(({ reference }) => reference === 'refused')).toEqual([]);
  });

  test('to a carrier that is away wait for it, and those to others do not', async () => {
    await askJson(`${gateway.url}/v1/faults/away`, 'PUT', { scope: { carrier: 'att' }, outage: true });
    await sleep(400);
    const held = await send({ to: destinations().att[0] });
    const other = await send();
    await ended(other.body.id);
    expect((await read(held.body.id)).handset).toBeNull();
    await ask(`${gateway.url}/v1/faults/away`, { method: 'DELETE' });
    const record = await ended(held.body.id);
    expect(record.handset!.outcome).not.toBe('pending');
    await expect.poll(() => postsOf(held.body.id).length).toBe(1);
  });

  test(
    isKept ? 'survive their gateway' : 'do not survive their gateway',
    async () => {
      await askJson(`${gateway.url}/v1/faults/slow`, 'PUT', { latency: { medianMs: 1_500, sigma: 0, capMs: 1_500 } });
      await sleep(400);
      const { body } = await send({}, { 'idempotency-key': 'survivor' });
      await gateway.kill();
      gateway = await start();
      if (!isKept) {
        expect((await ask(`${gateway.url}/v1/messages/${body.id}`)).status).toBe(404);
        return;
      }
      await ended(body.id);
      await expect.poll(() => postsOf(body.id).length, { timeout: END_TIMEOUT_MS }).toBeGreaterThan(0);
      expect(new Set(postsOf(body.id).map(({ webhookId }) => webhookId)).size).toBe(1);
    },
    START_TIMEOUT_MS,
  );
});
