import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { messageCells, namedStream, revenueCells } from '../router/index.ts';
import { Bill } from './bill.ts';
import type { Cdr } from './cdr.ts';
import { cdrsOf, filesIn, scratchDirectory } from './cdrs-under-test.ts';

// The CDRs of a whole gateway, written on its way and read from the files it leaves.

let scratch: ReturnType<typeof scratchDirectory>;
let directory: string;
let gateway: GatewayUnderTest;
beforeEach(async () => {
  scratch = scratchDirectory();
  directory = join(scratch.path, 'cdrs');
  gateway = await openGatewayUnderTest({ cdrDirectory: directory, cdrRotateBytes: 1_048_576 });
});
afterEach(async () => {
  await gateway.close();
  scratch.remove();
});

const ready = (): Promise<{ status: number; body: { reason?: string } }> => gateway.ask('GET', '/readyz');
const metric = async (name: string): Promise<number> => {
  const { text } = await gateway.ask('GET', '/metrics');
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
};

/** Moves time until something holds; the disk works in its own. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) {
    gateway.time.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function sums<T>(list: Iterable<T>, keyOf: (one: T) => string, valueOf: (one: T) => number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const one of list) found[keyOf(one)] = (found[keyOf(one)] ?? 0) + valueOf(one);
  return found;
}

test('there is one CDR for each message, and all postings together are the revenue that the counters hold', async () => {
  const chance = namedStream(7, 'messages of this test');
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance.next() * list.length)] as T;
  for (let place = 0; place < 10; place += 1) {
    await gateway.ask('PUT', `/v1/numbers/${gateway.number('cpaas', place)}`, {
      campaign: pick(['CTOPA01', 'CMIDC01']),
    });
  }
  const ids = new Set<string>();
  for (let batch = 0; batch < 5; batch += 1) {
    const messages = Array.from({ length: 600 }, () => ({
      from: gateway.number('cpaas', Math.floor(chance.next() * 20)),
      to: gateway.number(pick(['att', 'verizon', 'tmobile', 'uscellular', 'other', 'landline']), 50),
      text: pick(['Your table is ready.', 'a'.repeat(500), 'Grüße ☀️']),
      route: pick(['a2p', 'a2p', 'p2p']),
      truth: pick(['legit', 'spam', 'smishing']),
      account: pick(['acme', undefined]),
    }));
    const { body } = await gateway.ask<{ results: { id: string }[] }>('POST', '/v1/messages/batch', messages);
    for (const { id } of body.results) ids.add(id);
    gateway.time.advance(2_000);
  }
  gateway.time.advance(30_000);
  await until(async () => (await metric('tollgate_cdr_pending_records')) === 0);
  expect(await metric('tollgate_cdr_records_total')).toBe(ids.size);
  await gateway.close();

  const files = filesIn(directory);
  expect(files.size).toBeGreaterThan(1);
  expect([...files.keys()].every((name) => name.endsWith('.ndjson'))).toBe(true);
  const cdrs = [...files.values()].flatMap((text) => cdrsOf(text));
  expect(cdrs).toHaveLength(ids.size);
  expect(new Set(cdrs.map(({ id }) => id))).toEqual(ids);

  const { counters } = gateway.core;
  const keyOf = (one: Record<'carrier' | 'route' | 'registration' | 'decision' | 'truth', string>): string =>
    `${one.carrier} ${one.route} ${one.registration} ${one.decision} ${one.truth}`;
  expect(sums(cdrs, keyOf, () => 1)).toEqual(
    sums(
      messageCells(counters),
      ({ labels }) => keyOf(labels),
      ({ value }) => value,
    ),
  );
  expect(counters.chargedMicros).toBeGreaterThan(0);
  expect(cdrs.reduce((sum, { totalMicros }) => sum + totalMicros, 0)).toBe(counters.chargedMicros);
  const postings = cdrs.flatMap(({ postings: all, registration, truth }) =>
    all.map((one) => ({ ...one, registration, truth })),
  );
  const revenueKey = (one: Record<'payee' | 'cause' | 'registration' | 'truth', string>): string =>
    `${one.payee} ${one.cause} ${one.registration} ${one.truth}`;
  expect(sums(postings, revenueKey, ({ micros }) => micros)).toEqual(
    sums(
      revenueCells(counters),
      ({ labels }) => revenueKey(labels),
      ({ value }) => value,
    ),
  );
  for (const cdr of cdrs) expect(ending(cdr)).toBe('complete');

  // Priced anew by the book they were billed by, they cost what they cost.
  const [table] = gateway.core.books;
  const bill = new Bill(table!);
  for (const cdr of cdrs) bill.add(cdr);
  expect([bill.totalMicros, bill.unpricedCount]).toEqual([counters.chargedMicros, 0]);
});

/** Whether a CDR has all that a message has at its end. */
function ending({ carrier, decision, receipt, handset }: Cdr): string {
  if (decision !== 'accepted') return receipt === null && handset === null ? 'complete' : 'refused, yet delivered';
  if (handset === null) return 'accepted, and not at its end';
  // Of some phones of the other carriers there never is one.
  if (receipt === null) return carrier === 'other' ? 'complete' : 'ended, and without a receipt';
  return handset.at >= receipt.at ? 'complete' : 'received before its receipt';
}

test('while CDRs cannot be written the gateway is not ready, and when too many wait it takes no message, but loses none', async () => {
  expect((await ready()).status).toBe(200);
  rmSync(directory, { recursive: true });
  writeFileSync(directory, '');
  const landline = { from: gateway.number('cpaas'), to: gateway.number('landline'), text: 'x' };
  const messages = `${JSON.stringify(landline)}\n`.repeat(70_000);
  const send = (): Promise<unknown> =>
    gateway.ask('POST', '/v1/messages/batch', messages, { 'content-type': 'application/x-ndjson' });
  await send();
  await until(async () => (await ready()).status === 503);
  expect((await ready()).body.reason).toBe('CDRs cannot be written');
  expect(await metric('tollgate_cdr_errors_total')).toBeGreaterThan(0);
  expect(await metric('tollgate_cdr_pending_records')).toBe(70_000);
  expect((await gateway.send()).status).toBe(202);
  await send();
  const pushedBack = await gateway.send();
  expect(pushedBack.status).toBe(429);
  expect(JSON.stringify(pushedBack.body)).toContain('bytes of CDRs wait for the disk');
  const taken = gateway.store.nextSequence;
  expect(taken).toBeLessThan(140_000);

  renameSync(directory, `${directory}-file`);
  await until(async () => (await ready()).status === 200);
  expect((await gateway.send()).status).toBe(202);
  gateway.time.advance(30_000);
  await gateway.close();
  const ids = [...filesIn(directory).values()].flatMap((text) => text.match(/^\{"id":"[^"]+"/gm) ?? []);
  expect(new Set(ids).size).toBe(taken + 1);
  expect(ids).toHaveLength(taken + 1);
});
