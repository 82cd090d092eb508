import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, askJson } from '../scripts/ask.ts';
import { freePort } from '../scripts/free-port.ts';
import { type PrometheusServer, startPrometheus } from '../scripts/prometheus-server.ts';
import { type RedisServer, startRedisServer } from '../scripts/redis-server.ts';
import { startTollgate, type TollgateProcess } from '../scripts/tollgate-process.ts';

// What is told of several processes together is what was sent to them: two gateways and a worker over one Redis, known traffic, a real
// Prometheus. Then one of them is killed and comes back with its counters at zero.

const NUMBERS = 5;
const SENT = [60, 40] as const;
const AGAIN = 25;
const soon = { timeout: 15_000, interval: 250 };

let redis: RedisServer;
let prometheus: PrometheusServer;
let worker: TollgateProcess;
let gateways: TollgateProcess[];
let ports: number[];
beforeAll(async () => {
  redis = await startRedisServer();
  ports = [await freePort(), await freePort()];
  [worker, ...gateways] = await Promise.all([
    startTollgate({ command: 'worker', environment: { REDIS_URL: redis.url } }),
    ...ports.map((port) => gatewayAt(port)),
  ]);
  const instances = ports.map((port) => `127.0.0.1:${port}`);
  prometheus = await startPrometheus({ tollgate: instances, 'tollgate-worker': [worker.url.replace('http://', '')] });
});
afterAll(async () => {
  await prometheus?.stop();
  await Promise.all([worker, ...(gateways ?? [])].map((one) => one?.kill()));
  await redis?.stop();
});

function gatewayAt(port: number): Promise<TollgateProcess> {
  return startTollgate({
    words: ['--delivery', 'workers', '--port', String(port)],
    environment: { REDIS_URL: redis.url },
  });
}

/** The one value of a query, now; NaN if there is none. */
async function valueOf(query: string): Promise<number> {
  const { result } = (await prometheus.api(`query?query=${encodeURIComponent(query)}`)) as {
    result: { value: [number, string] }[];
  };
  return result.length === 1 ? Number(result[0]?.value[1]) : Number.NaN;
}

/**
 * Sends so many messages, one after the other. Resolves with how many were accepted (a limit shared through Redis may not be had in time)
 * and what all cost together, in micro-dollars.
 */
async function send(gateway: TollgateProcess, count: number): Promise<{ accepted: number; micros: number }> {
  const sum = { accepted: 0, micros: 0 };
  for (let place = 0; place < count; place += 1) {
    const from = `+121255501${10 + (place % 80)}`;
    const body = JSON.stringify({ from, to: '+12019161000', text: 'Your table is ready.', truth: 'legit' });
    const headers = { 'content-type': 'application/json' };
    const { status, text } = await ask(`${gateway.url}/v1/messages`, { method: 'POST', headers, body });
    const message = JSON.parse(text) as { decision: string; price: { totalMicros: number } };
    expect([status, message.decision]).toEqual(status === 503 ? [503, 'limit_not_leased'] : [202, 'accepted']);
    if (status === 202) sum.accepted += 1;
    sum.micros += message.price.totalMicros;
  }
  return sum;
}

test('sums over instances are what was sent and charged, and what all tell alike is not added up', async () => {
  // From zero on: what a counter has when it is first seen is nobody's increase.
  await expect.poll(() => valueOf('count(tollgate_decision_seconds_count == 0)'), soon).toBe(2);
  const [first, second] = gateways as [TollgateProcess, TollgateProcess];
  for (let place = 0; place < NUMBERS; place += 1) {
    await askJson(`${first.url}/v1/numbers/+121255502${10 + place}`, 'PUT', { campaign: 'CSOLE01' });
  }
  const both = [await send(first, SENT[0]), await send(second, SENT[1])];
  const [accepted, micros] = (['accepted', 'micros'] as const).map((of) => both.reduce((sum, one) => sum + one[of], 0));
  expect(micros).toBeGreaterThan(0);
  const sent = SENT[0] + SENT[1];
  await expect.poll(() => valueOf('sum(tollgate_messages_total{truth="legit"})'), soon).toBe(sent);
  for (const [place, port] of ports.entries()) {
    expect(await valueOf(`sum(tollgate_messages_total{instance="127.0.0.1:${port}"})`)).toBe(SENT[place]);
  }
  expect(await valueOf('count(count by (instance) (tollgate_messages_total))')).toBe(2);
  const dollars = await valueOf('sum(tollgate_revenue_dollars_total)');
  expect(Math.round(dollars * 1e6)).toBe(micros);
  expect(Math.round((await valueOf('sum(tollgate_charged_dollars_total)')) * 1e6)).toBe(micros);
  // The worker delivers what both took.
  await expect.poll(() => valueOf('sum(tollgate_worker_messages_total)'), soon).toBe(accepted);
  await expect.poll(() => valueOf('sum(tollgate_handset_total)'), soon).toBe(accepted);
  await expect.poll(() => valueOf('max(tollgate_registry_numbers)'), soon).toBe(NUMBERS);
  await expect.poll(() => valueOf('sum(tollgate_registry_numbers)'), soon).toBe(2 * NUMBERS);
});

test('a gateway that was killed begins at zero again, which no rate shows as less than nothing', async () => {
  const [first = 0] = ports;
  const own = `{instance="127.0.0.1:${first}"}`;
  await gateways[0]?.kill();
  await expect.poll(() => valueOf(`up${own}`), soon).toBe(0);
  gateways[0] = await gatewayAt(first);
  await send(gateways[0], AGAIN);
  await expect.poll(() => valueOf(`sum(tollgate_messages_total${own})`), soon).toBe(AGAIN);
  expect(await valueOf(`max(resets(tollgate_charged_dollars_total${own}[5m]))`)).toBe(1);
  const least = (metric: string): Promise<number> => valueOf(`min(min_over_time(rate(${metric}[4s])[5m:1s]))`);
  for (const metric of [
    'tollgate_messages_total',
    'tollgate_revenue_dollars_total',
    'tollgate_decision_seconds_count',
  ]) {
    expect([metric, await least(metric)]).toEqual([metric, 0]);
  }
  // Of what it counted before nothing is lost to who asks for the increase.
  const increase = await valueOf(`increase(tollgate_decision_seconds_count${own}[5m])`);
  expect(increase).toBeGreaterThanOrEqual(SENT[0] + AGAIN - 1);
});
