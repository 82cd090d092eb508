import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatNumber, MAGIC_NUMBERS, type MagicNumber, magicNumber, parseNumberKey } from '../registry-cache/index.ts';
import { type GatewayUnderTest, openGatewayUnderTest } from './gateway-under-test.ts';
import type { MessageRecord } from './messages/index.ts';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await openGatewayUnderTest({ magicNumbers: true });
});
afterAll(() => gateway.close());

const SENDER = '+15005556000';
const to = (outcome: string, holder = 'att'): string => numberOf('to', outcome, holder);
const from = (outcome: string): string => numberOf('from', outcome);

function numberOf(role: string, outcome: string, holder?: string): string {
  const found = MAGIC_NUMBERS.find(
    (one) => one.role === role && one.outcome === outcome && (holder ?? one.holder) === one.holder,
  );
  if (found === undefined) throw new Error(`no magic number ${role} ${outcome} ${holder}`);
  return formatNumber(found.key);
}

async function readBack(id: string): Promise<MessageRecord> {
  return (await gateway.ask<MessageRecord>('GET', `/v1/messages/${id}`)).body;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const ends = { slow: 20 * SECOND_MS };

/** What a message to it looks like some time after it was sent. */
const DESTINATIONS: Partial<Record<MagicNumber['outcome'], { readonly becomes: object; readonly afterMs?: number }>> = {
  delivered: { becomes: { handset: { outcome: 'delivered' }, receipt: { state: 'ACCEPTD' } } },
  unknown_subscriber: {
    becomes: { handset: { outcome: 'undelivered' }, receipt: { state: 'UNDELIV', error: 'unknown_subscriber' } },
  },
  absent_subscriber: {
    becomes: { handset: { outcome: 'undelivered' }, receipt: { state: 'UNDELIV', error: 'absent_subscriber' } },
  },
  recipient_blocks: {
    becomes: { handset: { outcome: 'undelivered' }, receipt: { state: 'UNDELIV', error: 'recipient_blocks' } },
  },
  carrier_rejected: {
    becomes: { handset: { outcome: 'undelivered' }, receipt: { state: 'UNDELIV', error: 'carrier_rejected' } },
  },
  filtered: { becomes: { handset: { outcome: 'filtered' }, receipt: { state: 'UNDELIV', error: 'spam_filter' } } },
  silently_filtered: { becomes: { handset: { outcome: 'filtered' }, receipt: { state: 'ACCEPTD', error: null } } },
  outage: {
    becomes: { status: 'accepted', error: { name: 'carrier_outage' }, receipt: null, handset: null },
    afterMs: 30 * MINUTE_MS,
  },
  slow_receipt: { becomes: { handset: { outcome: 'delivered' }, receipt: null } },
  no_receipt: { becomes: { handset: { outcome: 'delivered' }, receipt: null }, afterMs: 5 * MINUTE_MS },
  receipt_twice: { becomes: { handset: { outcome: 'delivered' }, receipt: { state: 'ACCEPTD' } } },
  ported: { becomes: { carrier: 'tmobile', handset: { outcome: 'delivered' } } },
  opted_out: { becomes: { status: 'rejected', decision: 'opted_out' } },
  landline: { becomes: { status: 'rejected', decision: 'destination_landline' } },
  unassigned: { becomes: { status: 'rejected', decision: 'destination_unassigned' } },
};

const SENDERS: Partial<Record<MagicNumber['outcome'], Readonly<Record<string, object>>>> = {
  registered: { att: { decision: 'accepted', reason: 'registered' } },
  unregistered: { att: { decision: 'accepted', reason: 'not_in_registry' } },
  just_unregistered: { att: { decision: 'accepted', reason: 'not_in_registry' } },
  pending: { att: { decision: 'accepted', reason: 'not_yet_provisioned' } },
  suspended: {
    att: { reason: 'registered' },
    verizon: { reason: 'not_active_at_carrier' },
    tmobile: { reason: 'registered' },
  },
  campaign_expired: { att: { reason: 'campaign_expired' } },
  over_tpm: {
    att: { decision: 'att_tpm_exceeded', limit: { name: 'att_campaign_tpm', used: 75, cap: 75 }, retryAfterMs: 800 },
    uscellular: { decision: 'carrier_rate_exceeded' },
    tmobile: { decision: 'accepted' },
  },
  over_day_cap: {
    att: { decision: 'accepted' },
    tmobile: { decision: 'tmobile_daily_cap_exceeded', limit: { used: 2_000, cap: 2_000 } },
  },
};

describe('a magic number', () => {
  test('of every outcome is tried below', () => {
    const tried = [...Object.keys(DESTINATIONS), ...Object.keys(SENDERS)];
    expect([...new Set(MAGIC_NUMBERS.map(({ outcome }) => outcome))].toSorted()).toEqual(tried.toSorted());
  });

  const destinations = MAGIC_NUMBERS.filter(({ role }) => role === 'to');
  test('to send to has its outcome at its carrier, every time', async () => {
    for (const { key, outcome, holder } of destinations) {
      const wanted = DESTINATIONS[outcome];
      const { body } = await gateway.send({ from: SENDER, to: formatNumber(key) });
      gateway.time.advance(wanted?.afterMs ?? ends.slow);
      const message = await readBack(body.id);
      expect({ number: formatNumber(key), ...message }).toMatchObject({ ...wanted?.becomes });
      const carrier = outcome === 'landline' || outcome === 'unassigned' ? 'none' : holder;
      expect([formatNumber(key), message.carrier]).toEqual([formatNumber(key), carrier]);
    }
  });

  test('whose receipt is slow has it a minute late; one whose carrier is away expires', async () => {
    const slow = await gateway.send({ from: SENDER, to: to('slow_receipt') });
    const away = await gateway.send({ from: SENDER, to: to('outage') });
    gateway.time.advance(MINUTE_MS + 10 * SECOND_MS);
    expect((await readBack(slow.body.id)).receipt).toMatchObject({ state: 'ACCEPTD' });
    gateway.time.advance(72 * 60 * MINUTE_MS);
    expect(await readBack(away.body.id)).toMatchObject({ receipt: { state: 'EXPIRED', error: 'validity_expired' } });
  });

  test('to send from is in the registries as it says, every time', async () => {
    for (const [outcome, byCarrier] of Object.entries(SENDERS)) {
      for (const [carrier, wanted] of Object.entries(byCarrier)) {
        for (let time = 0; time < 3; time += 1) {
          const { body } = await gateway.send({ from: from(outcome), to: to('delivered', carrier) });
          expect({ outcome, ...body }).toMatchObject(wanted);
        }
      }
    }
  });

  test('over the cap of the day has room at midnight in Los Angeles, and then has none again', async () => {
    const { body } = await gateway.send({ from: from('over_day_cap'), to: to('delivered', 'tmobile') });
    const midnight = new Date(gateway.time.nowMs() + (body.retryAfterMs ?? 0));
    expect(midnight.toLocaleTimeString('en-GB', { timeZone: 'America/Los_Angeles' })).toBe('00:00:00');
  });

  test('is as it was when the state is put back, and after a reset', async () => {
    const taken = await (await fetch(`${gateway.url}/v1/snapshot`)).arrayBuffer();
    for (const path of ['/v1/reset', '/v1/snapshot']) {
      const isReset = path === '/v1/reset';
      const headers = { 'content-type': 'application/octet-stream' };
      const answer = await fetch(
        gateway.url + path,
        isReset ? { method: 'POST' } : { method: 'PUT', body: taken, headers },
      );
      expect(answer.status).toBe(200);
      expect(await gateway.send({ from: from('over_tpm'), to: to('delivered') })).toMatchObject({ status: 429 });
      expect(await gateway.send({ from: from('registered'), to: to('opted_out') })).toMatchObject({
        body: { decision: 'opted_out' },
      });
    }
  });
});

describe('the range', () => {
  test('has no other numbers: one is refused, and the answer says where to look', async () => {
    for (const number of ['+15005550012', '+15005555001', '+15005557000']) {
      const { status, body } = await gateway.ask('POST', '/v1/messages', { from: SENDER, to: number, text: 'Hi' });
      expect(status).toBe(422);
      expect(body.detail).toMatch(
        /^to: is in the range of magic numbers, \+1 500 555, .* GET \/v1\/magic-numbers lists$/,
      );
    }
    expect(parseNumberKey('+15005540000')).toBeLessThan(0);
    expect(magicNumber(5_005_550_012)).toBeUndefined();
  });

  test('is served as a table', async () => {
    const { body } = await gateway.ask<{ inForce: boolean; numbers: object[] }>('GET', '/v1/magic-numbers');
    expect(body.inForce).toBe(true);
    expect(body.numbers).toHaveLength(MAGIC_NUMBERS.length);
    expect(body.numbers).toContainEqual({
      number: '+15005552006',
      role: 'to',
      outcome: 'silently_filtered',
      holder: 'tmobile',
      meaning: "Dropped by the carrier's spam filter after a receipt that says all is well.",
    });
  });

  test('means nothing to a gateway that was not told so', async () => {
    const plain = await openGatewayUnderTest();
    expect(await plain.send({ from: SENDER, to: to('delivered') })).toMatchObject({
      body: { decision: 'destination_unassigned' },
    });
    expect(await plain.ask('GET', '/v1/magic-numbers')).toMatchObject({ body: { inForce: false } });
    expect(plain.core.registry.count).toBe(0);
    await plain.close();
  });

  test('is told of in README as it is', () => {
    const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    for (const { key, meaning, role, holder } of MAGIC_NUMBERS) {
      // Of numbers that each carrier has, that of AT&T stands for all.
      if (role === 'to' && ['verizon', 'tmobile', 'uscellular', 'other'].includes(holder) && key < 5_005_555_000)
        continue;
      const number = formatNumber(key);
      const written = role === 'to' && key < 5_005_551_000 ? number.replace('+15005550', '+1500555c') : number;
      const row = `| \`${written}\` | ${meaning} |`;
      expect({ row, isThere: readme.includes(row) }).toEqual({ row, isThere: true });
    }
  });
});
