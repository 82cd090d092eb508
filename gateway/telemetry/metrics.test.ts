import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type GatewayUnderTest, openGatewayUnderTest } from '../gateway-under-test.ts';
import { RELOAD_REASONS } from '../../registry-cache/redis/index.ts';
import {
  BINDINGS,
  CARRIER_LABELS,
  DECISIONS,
  HANDSET_OUTCOMES,
  handsetCells,
  messageCells,
  PAYEES,
  REGIMES,
  REGISTRATION_LABELS,
  REGISTRATION_REASONS,
  revenueCells,
  ROUTES,
  TRUTHS,
} from '../router/index.ts';
import { FAULT_KINDS } from '../control/index.ts';
import { FILTER_RESULTS, RECEIPT_KINDS } from '../delivery/index.ts';
import { DELIVERY_ERRORS } from '../messages/index.ts';
import { readPackageFile } from '../package-files.ts';
import { ATTEMPT_RESULTS, BREAKER_STATES } from '../webhooks/index.ts';
import { CATALOGUE, type MetricEntry } from './catalogue.ts';
import { REQUEST_APIS } from './request-times.ts';

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Exposition {
  readonly types: ReadonlyMap<string, string>;
  readonly helps: ReadonlyMap<string, string>;
  readonly samples: readonly Sample[];
}

const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"/g;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)$/;

/** Prometheus's text format, strictly: any line of another form is an error. */
function parse(text: string): Exposition {
  const types = new Map<string, string>();
  const helps = new Map<string, string>();
  const samples: Sample[] = [];
  expect(text.endsWith('\n')).toBe(true);
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, keyword, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword !== undefined && name !== undefined && rest !== undefined) {
      const seen = keyword === 'TYPE' ? types : helps;
      expect([line, seen.has(name)]).toEqual([line, false]);
      seen.set(name, rest);
      continue;
    }
    const [, metric, labels = '', number] = SAMPLE.exec(line) ?? [];
    expect([line, metric]).not.toEqual([line, undefined]);
    // A mean of nothing is NaN; of ours none may be.
    const isNumber = Number.isFinite(Number(number)) || (/^nan$/i.test(number ?? '') && !line.startsWith('tollgate_'));
    expect([line, isNumber]).toEqual([line, true]);
    const pairs = [...labels.matchAll(LABEL)].map(([, label, value]) => [label, value] as const);
    samples.push({
      name: metric ?? '',
      labels: Object.fromEntries(pairs) as Record<string, string>,
      value: Number(number),
    });
  }
  return { types, helps, samples };
}

let gateway: GatewayUnderTest;
let before: Exposition;
let after: Exposition;
const scrape = async (): Promise<Exposition> => parse((await gateway.ask('GET', '/metrics')).text);
const of = (name: keyof typeof CATALOGUE): readonly Sample[] => after.samples.filter((one) => one.name === name);
const sum = (samples: readonly Sample[]): number => samples.reduce((total, { value }) => total + value, 0);

beforeAll(async () => {
  gateway = await openGatewayUnderTest({ inbox: 64 });
  before = await scrape();
  const registered = gateway.number('cpaas', 1);
  await gateway.ask('PUT', '/v1/accounts/anna', { kind: 'postpaid' });
  await gateway.send({ account: 'anna' });
  await gateway.ask('PUT', `/v1/numbers/${registered}`, { campaign: 'CSOLE01' });
  for (const group of ['att', 'verizon', 'tmobile', 'uscellular', 'other', 'landline'] as const) {
    const to = gateway.number(group);
    await gateway.send({ to, truth: 'spam' });
    await gateway.send({ to, from: registered, truth: 'legit' });
    await gateway.send({ to, route: 'p2p' });
    // Whatever a sender writes into these must not come out as a label.
    await gateway.send({ to, account: 'an-account', reference: 'a-reference', callbackUrl: 'http://127.0.0.1:1/hook' });
  }
  for (let count = 0; count < 16; count += 1) await gateway.send({ from: registered });
  gateway.time.advance(20_000);
  await gateway.ask('PUT', '/v1/regime', { regime: 'block', carrier: 'verizon' });
  await gateway.send({ to: gateway.number('verizon') });
  // More than the inbox has room for while none of them ends.
  const burst = { from: gateway.number('cpaas'), to: gateway.number('att'), text: 'hi' };
  await gateway.ask('POST', '/v1/messages/batch', Array(70).fill(burst));
  after = await scrape();
});
afterAll(() => gateway.close());

test('the answer says which format it is', async () => {
  const answer = await gateway.ask('GET', '/metrics');
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
});

test.each(Object.entries(CATALOGUE) as [keyof typeof CATALOGUE, MetricEntry][])(
  '%s is there from the start, with its type and help, and has samples after traffic',
  (name, { type, help, labels }) => {
    for (const page of [before, after]) {
      expect(page.types.get(name)).toBe(type);
      expect(page.helps.get(name)).toBe(help);
    }
    const samples = after.samples.filter((one) => one.name === (type === 'histogram' ? `${name}_bucket` : name));
    expect(samples.length).toBeGreaterThan(0);
    for (const sample of samples) {
      expect(Object.keys(sample.labels).sort()).toEqual([...labels, ...(type === 'histogram' ? ['le'] : [])].sort());
    }
    expect(new Set(samples.map((sample) => JSON.stringify(sample.labels))).size).toBe(samples.length);
  },
);

test('nothing of ours is exposed that the catalogue does not name', () => {
  const ours = [...after.types.keys()].filter((name) => name.startsWith('tollgate_'));
  expect(ours.sort()).toEqual(Object.keys(CATALOGUE).sort());
});

const SMPP_STATES = ['open', 'transmitter', 'receiver', 'transceiver', 'unbinding', 'closed'];
const SMPP_RESULTS = ['acknowledged', 'refused', 'repeated', 'dropped'];

test('label values are the known words, never a number, a text or an id', () => {
  const words: Readonly<Record<string, readonly string[]>> = {
    carrier: CARRIER_LABELS,
    route: ROUTES,
    registration: REGISTRATION_LABELS,
    decision: DECISIONS.map(({ name }) => name),
    truth: TRUTHS,
    reason: [...REGISTRATION_REASONS, ...RELOAD_REASONS],
    limit: BINDINGS.map(({ name }) => name),
    outcome: HANDSET_OUTCOMES,
    payee: PAYEES,
    regime: REGIMES,
    account: ['(none)', 'starter-postpaid', 'starter-prepaid', 'starter-tight', 'anna'],
    cause: ['carrier_fee', 'unregistered_surcharge', 'dca_margin', 'aggregator_price'],
    state: ['loading', 'live', 'behind', 'away', 'own', 'shared', ...BREAKER_STATES, ...SMPP_STATES],
    action: ['served', 'refused'],
    direction: ['here', 'away'],
    version: [(JSON.parse(readPackageFile('package.json')) as { version: string }).version],
    node: [process.version],
    event: ['taken', 'finished', 'lost', 'taken_over', 'parked'],
    api: REQUEST_APIS,
    kind: [...RECEIPT_KINDS, ...FAULT_KINDS],
    error: DELIVERY_ERRORS.map(({ name }) => name),
    result: [
      'delivered',
      'dead',
      'dropped',
      ...ATTEMPT_RESULTS,
      ...FILTER_RESULTS,
      'granted',
      'refused',
      'told',
      ...SMPP_RESULTS,
    ],
  };
  const ours = after.samples.filter(({ name }) => name.startsWith('tollgate_'));
  const strange = ours.flatMap(({ name, labels }) =>
    Object.entries(labels)
      .filter(([label, value]) => label !== 'le' && words[label]?.includes(value) !== true)
      .map(([label, value]) => `${name} ${label}=${value}`),
  );
  expect(strange).toEqual([]);
});

describe('values equal the counters', () => {
  test('messages, by every label', () => {
    expect(of('tollgate_messages_total').map(({ labels, value }) => ({ labels, value }))).toEqual(
      messageCells(gateway.core.counters),
    );
    expect(sum(of('tollgate_messages_total'))).toBe(gateway.summary().decided);
  });

  test('handset outcomes and reasons', () => {
    expect(of('tollgate_handset_total').map(({ labels, value }) => ({ labels, value }))).toEqual(
      handsetCells(gateway.core.counters),
    );
    expect(of('tollgate_registration_reasons_total').map(({ value }) => value)).toEqual([
      ...gateway.core.counters.reasons,
    ]);
  });

  test('refusals by limit: one of each kind that was met', () => {
    const byLimit = Object.fromEntries(
      of('tollgate_refusals_total').map(({ labels, value }) => [labels['limit'], value]),
    );
    expect(byLimit).toEqual({
      ...Object.fromEntries(BINDINGS.slice(1).map(({ name }) => [name, 0])),
      carrier_regime: 1,
      att_campaign_tpm: expect.any(Number) as number,
      att_number_tpm: expect.any(Number) as number,
      in_flight_messages: expect.any(Number) as number,
    });
    const refusals = messageCells(gateway.core.counters).filter(({ labels }) => labels.decision === 'att_tpm_exceeded');
    expect((byLimit['att_campaign_tpm'] ?? 0) + (byLimit['att_number_tpm'] ?? 0)).toBe(
      sum(refusals.map(({ value }) => ({ name: '', labels: {}, value }))),
    );
    expect(byLimit['in_flight_messages']).toBeGreaterThan(0);
  });

  test('dollars: revenue adds up to what was charged, to the micro-dollar', () => {
    const micros = (samples: readonly Sample[]): number =>
      samples.reduce((total, { value }) => total + Math.round(value * 1e6), 0);
    expect(of('tollgate_revenue_dollars_total').map(({ labels }) => labels)).toEqual(
      revenueCells(gateway.core.counters).map(({ labels }) => labels),
    );
    expect(micros(of('tollgate_charged_dollars_total'))).toBe(gateway.core.counters.chargedMicros);
    expect(micros(of('tollgate_revenue_dollars_total'))).toBe(gateway.core.counters.chargedMicros);
    expect(micros(of('tollgate_account_charged_dollars_total'))).toBe(gateway.core.counters.chargedMicros);
  });

  test('the histogram counts every message that was decided, and no message the full queue turned away', () => {
    const turnedAway = messageCells(gateway.core.counters).filter(({ labels }) => labels.decision === 'queue_full');
    const decided = gateway.summary().decided - turnedAway.reduce((total, { value }) => total + value, 0);
    const buckets = after.samples.filter(({ name }) => name === 'tollgate_decision_seconds_bucket');
    const [count] = after.samples.filter(({ name }) => name === 'tollgate_decision_seconds_count');
    expect(count?.value).toBe(decided);
    expect(buckets.at(-1)).toMatchObject({ labels: { le: '+Inf' }, value: decided });
    const values = buckets.map(({ value }) => value);
    expect(values.toSorted((a, b) => a - b)).toEqual(values);
    const bounds = buckets.map(({ labels }) => (labels['le'] === '+Inf' ? Infinity : Number(labels['le'])));
    expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds);
  });

  test('one regime of each carrier is in force, and the one it was switched to', () => {
    const inForce = of('tollgate_regime').filter(({ value }) => value === 1);
    expect(inForce.map(({ labels }) => labels['carrier'])).toEqual(CARRIER_LABELS.slice(0, -1));
    expect(inForce.find(({ labels }) => labels['carrier'] === 'verizon')?.labels['regime']).toBe('block');
  });

  test('the day whose prices apply, and how long the refused were told to wait', () => {
    expect(of('tollgate_tariff_date_seconds')).toMatchObject([{ value: Date.UTC(2024, 2, 1) / 1_000 }]);
    const [count] = after.samples.filter(({ name }) => name === 'tollgate_retry_after_seconds_count');
    const refused = sum(of('tollgate_refusals_total')) - sum(of('tollgate_refusals_total').slice(0, 1));
    // The regime tells nobody to try again.
    expect(count?.value).toBe(refused);
    expect(refused).toBeGreaterThan(0);
  });

  test('gauges', () => {
    expect(sum(of('tollgate_registry_numbers'))).toBe(1);
    expect(sum(of('tollgate_inbox_messages'))).toBe(64);
    expect(sum(of('tollgate_inflight_messages'))).toBe(gateway.store.inFlightCount);
    expect(gateway.store.inFlightCount).toBeGreaterThan(0);
  });
});

describe('OpenMetrics, for who asks for it', () => {
  /** What Prometheus 2.42 and 3.5 ask for. */
  const OF_PROMETHEUS = [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  ];
  const asked = (accept: string) => gateway.ask('GET', '/metrics', undefined, { accept });
  const TEXT = /^text\/plain; version=0\.0\.4/;
  const OPEN = /^application\/openmetrics-text; version=1\.0\.0/;

  test.each([
    ...OF_PROMETHEUS.map((accept) => [accept, OPEN] as const),
    ['application/openmetrics-text', OPEN],
    ['Application/OpenMetrics-Text; Q=0.3, text/plain; q=0.2', OPEN],
    ['text/plain;version=0.0.4;q=0.6,application/openmetrics-text;q=0.5', TEXT],
    ['application/openmetrics-text;q=0', TEXT],
    ['application/openmetrics-text;q=nonsense, text/plain', TEXT],
    ['*/*', TEXT],
    ['', TEXT],
    [',;=,,"', TEXT],
  ] as const)('Accept: %s', async (accept, type) => {
    const { status, headers } = await asked(accept);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(type);
    expect(headers.get('vary')).toBe('accept');
  });

  test('says the same by the same names, and ends with # EOF', async () => {
    const { text } = await asked('application/openmetrics-text');
    expect(text.endsWith('\n# EOF\n')).toBe(true);
    const bare = text.replace(/# EOF\n$/, '').replaceAll(/ # \{message_id="[^"]+"\} \S+ \S+$/gm, '');
    const open = parse(bare);
    const plain = await scrape();
    // Counters are named without their suffix where they are described.
    const families = [...open.types].map(([name, type]) => [type === 'counter' ? `${name}_total` : name, type]);
    expect(families).toEqual([...plain.types]);
    expect([...open.helps.values()]).toEqual([...plain.helps.values()]);
    // A quote would have to be escaped.
    expect([...open.helps.values()].filter((help) => help.includes('"'))).toEqual([]);
    const told = ({ samples }: Exposition) =>
      // What is going on in the process just then.
      samples
        .filter(({ name }) => !name.startsWith('nodejs_active_'))
        .map(({ name, labels: { le, ...labels } }) => [name, labels, le === undefined ? le : Number(le)]);
    expect(told(open)).toEqual(told(plain));
    const bounds = open.samples.flatMap(({ labels: { le } }) => (le === undefined ? [] : [le]));
    expect(bounds.length).toBeGreaterThan(20);
    expect(bounds.filter((le) => !/^(\+Inf|\d+\.\d+|\d(\.\d+)?e-\d+)$/.test(le))).toEqual([]);
  });

  test('no two metrics can be taken for one another', async () => {
    const { types } = parse(
      (await asked('application/openmetrics-text')).text.replace(/# EOF\n$/, '').replaceAll(/ # \{.*$/gm, ''),
    );
    const suffixes: Readonly<Record<string, readonly string[]>> = {
      counter: ['', '_total', '_created'],
      histogram: ['', '_bucket', '_sum', '_count', '_created'],
    };
    const taken = [...types].flatMap(([name, type]) => (suffixes[type] ?? ['']).map((suffix) => name + suffix));
    expect(taken.filter((name, place) => taken.indexOf(name) !== place)).toEqual([]);
  });

  test('a bucket of decisions names its latest message, which can be asked for', async () => {
    gateway.time.advance(20_000);
    const { body: sent } = await gateway.send({ truth: 'spam' });
    const { text } = await asked('application/openmetrics-text');
    const named = [...text.matchAll(/^(\w+)\{.*\} \d+ # \{message_id="([^"]+)"\} (\S+) (\S+)$/gm)];
    // Time stands still here, so all are in the first.
    expect(named.map(([, name, id, took, at]) => [name, id, Number(took), Number(at)])).toEqual([
      ['tollgate_decision_seconds_bucket', sent.id, 0, gateway.time.nowMs() / 1_000],
    ]);
    const { body: message } = await gateway.ask<{ truth: string }>('GET', `/v1/messages/${sent.id}`);
    expect(message.truth).toBe('spam');
    expect((await asked('text/plain')).text).not.toContain(sent.id);
  });

  test('one that the inbox has no more is not named', async () => {
    const small = await openGatewayUnderTest({ inbox: 1 });
    const exemplars = async (): Promise<number> => {
      const { text } = await small.ask('GET', '/metrics', undefined, { accept: 'application/openmetrics-text' });
      return text.split('message_id').length - 1;
    };
    try {
      await small.send();
      expect(await exemplars()).toBe(1);
      small.time.advance(20_000);
      const { decisionTimes } = small.intake;
      // As if the next one had been of another bucket.
      const [first] = decisionTimes.sequences;
      await small.send();
      decisionTimes.sequences[0] = first ?? 0;
      expect(await exemplars()).toBe(0);
    } finally {
      await small.close();
    }
  });
});

test('the process tells of itself too', () => {
  for (const name of ['process_cpu_seconds_total', 'nodejs_eventloop_lag_seconds', 'process_resident_memory_bytes']) {
    expect(after.types.has(name)).toBe(true);
  }
});

test('accounts beyond those that have a label of their own are told of together, and those of nobody apart', async () => {
  const crowded = await openGatewayUnderTest();
  try {
    const to = crowded.number('att');
    for (let place = 0; place < 60; place += 1) {
      await crowded.ask('PUT', `/v1/accounts/account-${place}`, { kind: 'postpaid' });
      await crowded.send({ to, account: `account-${place}` });
      // Past the limit on what the carrier takes from one number.
      crowded.time.advance(60_000);
    }
    await crowded.send({ to, account: 'nobody-declared' });
    const { samples } = parse((await crowded.ask('GET', '/metrics')).text);
    const charged = samples.filter(({ name }) => name === 'tollgate_account_charged_dollars_total');
    const price = charged[0]?.value ?? 0;
    expect(price).toBeGreaterThan(0);
    expect(charged.map(({ labels }) => labels['account'])).toEqual([
      '(none)',
      ...['postpaid', 'prepaid', 'tight'].map((kind) => `starter-${kind}`),
      ...Array.from({ length: 47 }, (_, place) => `account-${place}`),
      '(others)',
    ]);
    expect(charged.at(-1)?.value).toBeCloseTo(13 * price, 9);
  } finally {
    await crowded.close();
  }
});
