/**
 * Random traffic for a whole gateway, of everything that changes it, and everything that can be read from it afterwards.
 *
 * The same stream on gateways in the same state gets the same answers, letter by letter; that is what tests of the state compare.
 */
import type { BlockGroup } from '../../registry-cache/index.ts';
import type { GatewayUnderTest } from '../gateway-under-test.ts';
import type { Rng } from '../router/index.ts';

const TEXTS = [
  'Your table is ready.',
  'URGENT: you WON $900! Claim at http://prize.example.com now',
  'Grüße aus Köln — bis später ☀️',
  'a'.repeat(700),
];
const GROUPS = ['att', 'att', 'verizon', 'tmobile', 'uscellular', 'other', 'landline', 'nobody'] as const;
const CAMPAIGNS = ['CTOPA01', 'CMIDC01', 'CLOWT01', 'CSOLE01', 'CNOVZW1', 'CEXPIR1'];
const ACCOUNTS = ['starter-postpaid', 'starter-prepaid', 'starter-tight', 'acme', 'late-1', 'late-2'];
const TOLL_FREE = '+18005550123';
const SENDERS = 24;
const MINUTE_MS = 60_000;

const basic = (key: string): Readonly<Record<string, string>> => ({
  authorization: `Basic ${Buffer.from(`${key}-key:${key}-secret`).toString('base64')}`,
});
const BRAND = {
  entityType: 'PRIVATE_PROFIT',
  companyName: 'Example Bakery LLC',
  phone: '+12025550100',
  street: '1 Main Street',
  city: 'Springfield',
  state: 'IL',
  postalCode: '62701',
  country: 'US',
  email: 'support@example.com',
  brandRelationship: 'BASIC_ACCOUNT',
  vertical: 'RETAIL',
};
const CAMPAIGN = {
  usecase: 'CUSTOMER_CARE',
  description: 'Answers to customers.',
  subUsecases: [],
  sample1: 'Your order is ready.',
  sample2: 'Thank you for calling.',
  messageFlow: 'Customers opt in on the web site.',
  helpMessage: 'Reply STOP to opt out.',
  embeddedLink: false,
  embeddedPhone: false,
  numberPool: false,
  subscriberOptin: true,
  subscriberOptout: true,
  subscriberHelp: true,
  mnoIds: [10017, 10035, 10037, 10038],
  autoRenewal: true,
};

/** Sends `steps` random requests, time moving in between, and returns every answer as it came. */
export async function play(gateway: GatewayUnderTest, chance: Rng, steps: number): Promise<string[]> {
  const answers: string[] = [];
  const below = (count: number): number => Math.floor(chance.next() * count);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const sender = (): string => gateway.number('cpaas', below(SENDERS));
  const to = (): string => gateway.number(pick(GROUPS) as BlockGroup, 100 + below(30));
  const ask = async (method: string, path: string, body?: unknown, headers = {}): Promise<string> => {
    const { status, text } = await gateway.ask(method, path, body, headers);
    answers.push(`${method} ${path} ${status} ${text}`);
    return text;
  };
  const message = (): object => ({
    from: below(12) === 0 ? TOLL_FREE : sender(),
    to: to(),
    text: pick(TEXTS),
    account: pick([undefined, ...ACCOUNTS]),
    reference: pick([undefined, `order ${below(1_000)}`]),
    route: pick(['a2p', 'a2p', 'a2p', 'p2p']),
    truth: pick([undefined, 'legit', 'spam']),
    ...(below(10) === 0 && { media: ['https://example.com/a.png'] }),
    ...(below(6) === 0 && { idempotencyKey: `key ${below(20)}` }),
  });
  const amount = (): object => ({ amount: `${1 + below(9)}.00`, reference: `payment ${below(30)}` });

  /** Over limits of campaign and brand: small ones, of numbers that nobody else here moves to other campaigns. */
  const flood = async (): Promise<void> => {
    const [place, campaign] = pick([
      [SENDERS, 'CSOLE01'],
      [SENDERS + 1, 'CLOWT01'],
    ] as const);
    const from = gateway.number('cpaas', place);
    const group = pick(['att', 'tmobile', 'tmobile', 'uscellular', 'other'] as const);
    await ask('PUT', `/v1/numbers/${from}`, { campaign });
    const isMms = group !== 'tmobile' && below(2) === 0;
    const own = isMms ? { text: 'see', media: ['https://example.com/a.png'] } : { text: 'a'.repeat(700) };
    const one = (): object => ({ from, to: gateway.number(group, below(200)), ...own });
    await ask('POST', '/v1/messages/batch', Array.from({ length: isMms ? 45 : 90 }, one));
  };

  const actions: readonly (() => Promise<unknown>)[] = [
    () => ask('POST', '/v1/messages', message()),
    () => ask('POST', '/v1/messages', message()),
    () => ask('POST', '/v1/messages/batch', Array.from({ length: 10 + below(30) }, message)),
    // One sender to one carrier, over limits of number and account.
    () => {
      const [from, group] = [sender(), pick(GROUPS)];
      const one = (): object => ({
        from,
        to: gateway.number(group, below(200)),
        text: pick(TEXTS),
        account: 'starter-tight',
      });
      return ask('POST', '/v1/messages/batch', Array.from({ length: 80 }, one));
    },
    flood,
    flood,
    flood,
    // More than an account may have in flight.
    async () => {
      await ask('PUT', '/v1/accounts/crowded', { kind: 'postpaid', limits: { inFlightMax: 4 + below(8) } });
      const one = (): object => ({ from: sender(), to: to(), text: 'hello', account: 'crowded' });
      await ask('POST', '/v1/messages/batch', Array.from({ length: 25 }, one));
    },
    () =>
      ask('POST', '/v1/inbound', {
        from: gateway.number(pick(GROUPS.slice(0, 6)), below(50)),
        to: sender(),
        text: 'yes',
      }),
    () => ask('PUT', `/v1/numbers/${sender()}`, { campaign: pick(CAMPAIGNS), provisioningDelayMs: below(3) * 4_000 }),
    () => ask('DELETE', `/v1/numbers/${sender()}`),
    () => ask('PUT', `/nnsr/v1/numbers/${sender()}`, { campaignId: pick(CAMPAIGNS) }, basic(pick(['north', 'south']))),
    () => {
      const lines = Array.from({ length: 5 }, () => `${sender()},${pick(CAMPAIGNS)},`);
      const csv = { 'content-type': 'text/csv', ...basic('north') };
      return ask('POST', '/nnsr/v1/bulk', `number,campaignId,nnid\n${lines.join('\n')}\n`, csv);
    },
    () =>
      ask('PUT', '/v1/registry/provisioning', {
        delay: { kind: 'uniform', minMs: 0, maxMs: 1_000 * below(10) },
        failureProbability: pick([0, 0.2]),
      }),
    () => {
      const own = { displayName: `Bakery ${below(1_000)}`, ein: `12-34567${10 + below(90)}` };
      return ask('POST', '/tcr/v2/brand/nonBlocking', { ...BRAND, ...own }, basic('csp'));
    },
    async () => {
      const { text } = await gateway.ask('GET', '/tcr/v2/brand', undefined, basic('csp'));
      const ids = Array.from(text.matchAll(/"brandId":"(B[A-Z0-9]{6})"/g), ([, id]) => id);
      answers.push(text);
      await ask('POST', '/tcr/v2/campaignBuilder', { ...CAMPAIGN, brandId: pick(ids) ?? 'B000000' }, basic('csp'));
    },
    // As many reads at once as a party may make.
    async () => {
      for (let count = below(25); count > 0; count -= 1)
        await ask('GET', '/tcr/v2/enum/vertical', undefined, basic('csp'));
    },
    () => {
      const [carrier, forMs] = [pick(['att', 'verizon', 'tmobile', undefined]), 1_000 * below(60)];
      const what = pick([
        { outage: true },
        { errors: { code: 'carrier_throttled', rate: 0.3 } },
        { throttle: { messagesPerSecond: 5 } },
        { latency: { medianMs: 2_000, sigma: 1, capMs: 20_000 } },
        { receipts: { lossRate: 0.2, duplicateRate: 0.3, delayMs: 500 } },
      ]);
      return ask('PUT', `/v1/faults/fault-${below(3)}`, { ...what, forMs, ...(carrier && { scope: { carrier } }) });
    },
    () => ask('PUT', `/v1/accounts/${pick(ACCOUNTS)}`, { kind: pick(['prepaid', 'postpaid']), profile: 'telnyx' }),
    () => ask('POST', `/v1/accounts/${pick(ACCOUNTS)}/top-ups`, amount()),
    () => ask('POST', `/v1/accounts/${pick(ACCOUNTS)}/refunds`, amount()),
    () => ask('PUT', '/v1/regime', { regime: pick(['filter', 'block', 'dated']), carrier: pick(GROUPS.slice(0, 6)) }),
    () => ask('PUT', '/v1/tariffs', { book: pick(['us-10dlc', 'what-if-flat']) }),
    () =>
      ask('POST', '/v1/fees', {
        fee: 'sev0-tier1',
        account: pick(ACCOUNTS),
        reference: pick([undefined, `fee ${below(20)}`]),
      }),
  ];
  for (let step = 0; step < steps; step += 1) {
    await pick(actions)();
    gateway.time.advance(pick([0, 0, 7, 40, 130, 600, 2_500, below(40) === 0 ? 61 * MINUTE_MS : 1]));
    // What timers set off may be asynchronous.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answers;
}

/** Everything that can be read from a gateway, by the request. Reading the campaign registry is itself counted. */
export async function readable(gateway: GatewayUnderTest): Promise<Map<string, string>> {
  const read = new Map<string, string>();
  const get = async (path: string, headers = {}): Promise<string> => {
    const { status, text } = await gateway.ask('GET', path, undefined, headers);
    read.set(path, `${status} ${text}`);
    return text;
  };
  for (let since = '0'; ;) {
    const page = JSON.parse(await get(`/v1/messages?limit=1000&since=${since}`)) as { next: string };
    if (page.next === since) break;
    since = page.next;
  }
  const start = 'from=2024-03-01T18:00:00Z';
  for (const path of [
    '/v1/revenue?by=payee,cause,carrier,registration,truth',
    `/v1/revenue?${start}&to=2024-03-01T18:02:00Z`,
    '/v1/ledger',
    '/v1/accounts',
    '/v1/regime',
    '/v1/tariffs',
    '/v1/campaigns',
    '/v1/registry/provisioning',
    '/v1/registry/postings',
    '/v1/faults',
    '/v1/webhooks',
  ]) {
    await get(path);
  }
  for (const account of ACCOUNTS) await get(`/v1/accounts/${account}`);
  for (let place = 0; place < SENDERS; place += 1) await get(`/v1/lookup/${gateway.number('cpaas', place)}`);
  for (const dca of ['north', 'south']) {
    for (let place = 0; place < SENDERS; place += 1) {
      await get(`/nnsr/v1/numbers/${gateway.number('cpaas', place)}`, basic(dca));
    }
    read.set(`notices of ${dca}`, await get('/nnsr/v1/notices?limit=1000', basic(dca)));
  }
  await get('/tcr/v2/brand?recordsPerPage=500', basic('csp'));
  await get('/tcr/v2/campaign?recordsPerPage=500', basic('csp'));
  const { campaigns, brands } = gateway.core;
  const each = <T>(count: number, at: (handle: number) => T): string =>
    JSON.stringify(Array.from({ length: count }, (_, place) => at(place)));
  read.set(
    'campaigns',
    each(campaigns.count, (handle) => campaigns.read(handle)),
  );
  read.set(
    'brands',
    each(brands.count, (handle) => [brands.id(handle), brands.tmobileTier(handle)]),
  );
  // How long decisions and answers took, what an index went through and the process used: none of it is state.
  const metrics = (await gateway.ask('GET', '/metrics')).text.split('\n');
  const counted = metrics.filter(
    (line) =>
      /^tollgate_/.test(line) && !/^tollgate_(decision_seconds|request_seconds|registry_changes_total)/.test(line),
  );
  read.set('/metrics', counted.join('\n'));
  return read;
}
