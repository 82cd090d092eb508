import { afterEach, describe, expect, test } from 'vitest';
import {
  CannotStart,
  magicFrom,
  magicTo,
  startTollgate,
  type Tollgate,
  type TollgateOptions,
  type World,
} from './index.ts';
import { tollgateMatchers } from './vitest.ts';

expect.extend(tollgateMatchers);

const opened: Tollgate[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function start(options: TollgateOptions = {}): Promise<Tollgate> {
  const tollgate = await startTollgate(options);
  opened.push(tollgate);
  return tollgate;
}

interface Sent {
  readonly status: number;
  readonly id: string;
  readonly decision: string;
  readonly detail?: string;
}

/** Sends one as a program under test would: over a socket. */
async function send(
  { url }: Pick<World, 'url'>,
  own: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Sent> {
  const body = { from: magicFrom('registered'), to: magicTo('delivered'), text: 'Your table is ready.', ...own };
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: answer.status, ...((await answer.json()) as Omit<Sent, 'status'>) };
}

describe('a world', () => {
  test('is sent to over HTTP and asked in the test', async () => {
    await using tollgate = await startTollgate({ seed: 7, clock: 'frozen@2024-03-01T10:00:00-08:00' });
    const sent = await send(tollgate, { callbackUrl: `${tollgate.webhooks.url}/receipts`, reference: 'order-1' });
    const message = await tollgate.messages.waitFor({ id: sent.id, handset: 'delivered' });
    expect(message).toHaveBeenAccepted();
    expect(message).toHaveReachedHandset();
    expect(message).toMatchObject({ carrier: 'att', campaign: 'CMAGIC0', registration: 'registered' });
    await expect(tollgate).toHaveDelivered({ text: /table/ });
    await expect(tollgate).toHaveReceivedWebhook({ path: '/receipts', method: 'POST', reference: 'order-1' });
  });

  test('says which message came closest and what it lacked', async () => {
    const tollgate = await start({ clock: 'frozen' });
    await send(tollgate, { text: 'One', to: magicTo('filtered', 'verizon') });
    await send(tollgate, { text: 'Two' });
    const wanted = { text: 'One', carrier: 'att', handset: 'delivered' };
    const told = await tollgate.messages.waitFor(wanted, { timeoutMs: 20_000 }).catch((error: Error) => error.message);
    expect(told).toMatch(/^no message with \{ text: "One", carrier: "att", handset: "delivered" \}; closest of 2:\n/);
    const [, first, second] = (told as string).split('\n');
    expect(first).toMatch(/"Two" .*: text is "Two", wanted "One"$/);
    expect(second).toMatch(/"One" .*: carrier is "verizon", wanted "att"; handset is "filtered", wanted "delivered"$/);
    await expect(tollgate.messages.expectNone({ text: 'Two' })).rejects.toThrow(
      /^1 messages that should not be there:\n {2}\S+ \+15005556000/,
    );
    await tollgate.messages.expectNone({ text: 'Three' }, { withinMs: 1_000 });
    expect(tollgate.messages.explain({ text: (text) => text.length > 3 })).toContain('text is "One", wanted');
  });

  test('has nothing to compare with before anything was sent', async () => {
    const tollgate = await start();
    await expect(tollgate.messages.waitFor({ to: '+15005550000' }, { timeoutMs: 20 })).rejects.toThrow(
      'no message with { to: "+15005550000" }; there is no message at all',
    );
    await expect(tollgate.webhooks.waitFor({ a: 1 }, { timeoutMs: 20 })).rejects.toThrow('there is no webhook at all');
  });

  test('goes back to its start, and to what was saved', async () => {
    const tollgate = await start({ clock: 'frozen@2024-03-01T10:00:00-08:00', regime: 'block' });
    const { campaign } = await tollgate.registry.registerNumber('+12125550177');
    await tollgate.clock.advance({ hours: 2 });
    const saved = await tollgate.snapshot();
    await send(tollgate);
    await tollgate.reset();
    expect(tollgate.clock.now().toISOString()).toBe('2024-03-01T18:00:00.000Z');
    expect(await send(tollgate, { from: '+12125550177' })).toMatchObject({ decision: 'unregistered_blocked' });
    await tollgate.restore(saved);
    expect(tollgate.messages.all()).toEqual([]);
    expect(tollgate.clock.now().toISOString()).toBe('2024-03-01T20:00:00.000Z');
    expect(await tollgate.registry.lookup('+12125550177')).toMatchObject({ registration: { campaign } });
    await expect(tollgate.restore(Buffer.from('no snapshot'))).rejects.toThrow('this is no snapshot of a gateway');
  });

  test('takes a date, a seed and regimes of each carrier, and refuses what is none', async () => {
    const tollgate = await start({ tariffDate: '2025-06-01', regime: { att: 'block', verizon: 'charge-more' } });
    const from = magicFrom('unregistered');
    expect(await send(tollgate, { from })).toMatchObject({ decision: 'unregistered_blocked' });
    expect(await send(tollgate, { from, to: magicTo('delivered', 'verizon') })).toMatchObject({ decision: 'accepted' });
    const refused = tollgate.messages.find({ decision: 'unregistered_blocked' });
    expect(refused).toHaveBeenRefusedFor('unregistered_blocked');
    expect(refused).toHaveBeenRefusedFor('not_in_registry');
    await expect(startTollgate({ tariffDate: 'soon', inbox: 0 })).rejects.toThrow(CannotStart);
    await expect(startTollgate({ tariffDate: 'soon' })).rejects.toThrow('--tariff-date: "soon" must be a real day');
  });

  test('tells at once of what is misspelt', async () => {
    const tollgate = await start({ clock: 'frozen' });
    const { messages, registry, clock } = tollgate;
    const wrong: [() => unknown, string][] = [
      [() => startTollgate({ tarifDate: '2025-06-01' } as never), 'startTollgate has no "tarifDate"; use one of seed,'],
      [() => startTollgate({ clock: new Date(0) as never }), '--clock: "Thu Jan 01 1970'],
      [() => tollgate.sandbox({ inbox: 5 } as never), 'a sandbox has no "inbox"; use one of'],
      [() => messages.waitFor({ txt: 'Hi' } as never), 'a message has no "txt"; use one of id,'],
      [() => messages.waitFor({}, { timeout: 5 } as never), 'waiting has no "timeout"; use one of timeoutMs'],
      [() => clock.advance({ hour: 1 } as never), 'a duration has no "hour"; use one of days,'],
      [() => magicTo('delivered', 'tmo' as never), 'carrier: there is no "tmo"; use one of att,'],
      [() => registry.handset('tmo' as never), 'carrier: there is no "tmo"'],
      [() => registry.registerNumber(undefined, { campain: 'C' } as never), 'a number has no "campain"'],
      [() => registry.registerCampaign({ carriers: ['tmo' as never] }), 'carriers: there is no "tmo"'],
      [() => registry.registerBrand({ tier: 'LOW' } as never), 'a brand has no "tier"'],
    ];
    for (const [ask, words] of wrong) await expect((async () => ask())()).rejects.toThrow(words);
  });

  test('that cannot be opened leaves nothing open', async () => {
    const servers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length;
    const tollgate = await start();
    const before = servers();
    const port = Number(new URL(tollgate.url).port);
    await expect(startTollgate({ port })).rejects.toThrow('EADDRINUSE');
    const regime = 'blok' as never;
    await expect(startTollgate({ regime })).rejects.toThrow('regime: must be one of');
    await expect(tollgate.sandbox({ regime })).rejects.toThrow('regime: must be one of');
    await expect.poll(servers).toBeLessThanOrEqual(before);
    const listed = await fetch(`${tollgate.url}/v1/sandboxes`);
    expect(await listed.json()).toEqual({ sandboxes: [] });
    await tollgate.close();
    await expect(tollgate.sandbox()).rejects.toThrow('this gateway is closing');
  });

  test('is matched by a pattern in the same way each time, /g or not', async () => {
    const tollgate = await start({ clock: 'frozen' });
    await send(tollgate);
    const text = /table/g;
    for (let times = 0; times < 3; times += 1) expect(tollgate.messages.all({ text })).toHaveLength(1);
  });

  test('costs the same for the same seed', async () => {
    const outcomes = [];
    for (const seed of [3, 3]) {
      await using tollgate = await startTollgate({ seed, clock: 'frozen@2024-03-01T10:00:00-08:00' });
      for (let place = 0; place < 40; place += 1) {
        const to = tollgate.registry.handset('verizon', place);
        await send(tollgate, {
          from: magicFrom('unregistered'),
          to,
          text: 'WINNER! Claim your free cash prize now http://bit.ly/x',
        });
      }
      await tollgate.clock.advance(60_000);
      outcomes.push(tollgate.messages.all().map(({ status, price, handset }) => [status, price, handset]));
    }
    expect(outcomes[0]).toEqual(outcomes[1]);
    expect(new Set(outcomes[0]?.map(([status]) => status)).size).toBeGreaterThan(1);
  });
});

describe('the registries', () => {
  test('take brands, campaigns and numbers in a line each', async () => {
    const tollgate = await start({ clock: 'frozen', regime: 'block' });
    const brand = await tollgate.registry.registerBrand({ tmobileTier: 'LOW' });
    const campaign = await tollgate.registry.registerCampaign({
      brand,
      attClass: 'T',
      useCase: 'LOW_VOLUME',
      carriers: ['att', 'tmobile'],
    });
    const { number, state } = await tollgate.registry.registerNumber(undefined, { campaign });
    expect(state).toBe('registered');
    expect(await send(tollgate, { from: number })).toMatchObject({ decision: 'accepted' });
    expect(await send(tollgate, { from: number, to: magicTo('delivered', 'verizon') })).toMatchObject({
      decision: 'unregistered_blocked',
    });
    await tollgate.registry.suspendCampaign(campaign, 'att');
    expect(await send(tollgate, { from: number })).toMatchObject({
      decision: 'unregistered_blocked',
      reason: 'not_active_at_carrier',
    });
    await tollgate.registry.unsuspendCampaign(campaign, 'att');
    expect(await send(tollgate, { from: number })).toMatchObject({ decision: 'accepted' });
    await tollgate.registry.unregisterNumber(number);
    expect(await send(tollgate, { from: number })).toMatchObject({ reason: 'not_in_registry' });
  });

  test('keep provisioning for as long as is asked for', async () => {
    const tollgate = await start({ clock: 'frozen' });
    const { number, state } = await tollgate.registry.registerNumber(undefined, { provisioningDelayMs: 3_600_000 });
    expect(state).toBe('pending');
    expect(await send(tollgate, { from: number })).toMatchObject({ reason: 'not_yet_provisioned' });
    await tollgate.clock.advance({ hours: 1, ms: 50 });
    expect(await send(tollgate, { from: number })).toMatchObject({ reason: 'registered' });
  });

  test('name what there is not', async () => {
    const { registry } = await start();
    await expect(registry.registerBrand({ tmobileTier: 'HUGE' })).rejects.toThrow(
      'tmobileTier: there is no "HUGE"; use one of TOP',
    );
    await expect(registry.registerCampaign({ attClass: '?' })).rejects.toThrow('attClass: there is no "?"');
    await expect(registry.registerCampaign({ useCase: '?' })).rejects.toThrow('useCase: there is no "?"');
    await expect(registry.registerNumber('12125550100')).rejects.toThrow('write it in E.164 form');
    await expect(registry.registerNumber('+12125550100', { campaign: 'CNONE00' })).rejects.toThrow(
      'there is no campaign CNONE00',
    );
  });
});

describe('what goes wrong on purpose', () => {
  test('is set, told of and taken away', async () => {
    const tollgate = await start({ clock: 'frozen' });
    const { number } = await tollgate.registry.registerNumber();
    const to = tollgate.registry.handset('att');
    const fault = await tollgate.faults.errors('carrier_rejected', { carrier: 'att' });
    await send(tollgate, { from: number, to });
    await tollgate.messages.waitFor({ error: 'carrier_rejected', handset: 'undelivered' });
    expect(await fault.applied()).toBe(1);
    await fault.clear();
    await tollgate.faults.outage();
    await tollgate.faults.throttle(1);
    await tollgate.faults.latency(5);
    await tollgate.faults.receipts({ delayMs: 5 });
    await tollgate.faults.slow(1);
    await tollgate.faults.disconnect(0);
    expect(await tollgate.faults.list()).toHaveLength(6);
    await tollgate.faults.clear();
    expect(await tollgate.faults.list()).toEqual([]);
    await expect(tollgate.faults.errors('no_such_error')).rejects.toThrow(/must be one of/);
  });

  test('policy is switched while messages are sent', async () => {
    const tollgate = await start();
    const from = magicFrom('unregistered');
    expect(await send(tollgate, { from })).toMatchObject({ decision: 'accepted' });
    await tollgate.policy.regime('block', { carrier: 'att' });
    expect(await send(tollgate, { from })).toMatchObject({ decision: 'unregistered_blocked' });
    await tollgate.policy.regime('dated');
    await tollgate.policy.tariffBook('what-if-flat');
    await send(tollgate, { text: 'Flat' });
    expect(tollgate.messages.find({ text: 'Flat' })).toMatchObject({ book: 'what-if-flat' });
    await expect(tollgate.policy.tariffBook('none')).rejects.toThrow(/none/);
  });

  test('a receiver that fails gets its webhook again', async () => {
    const tollgate = await start({ clock: 'frozen' });
    tollgate.webhooks.answerWith(() => ({ status: tollgate.webhooks.all().length < 3 ? 500 : 200 }));
    await send(tollgate, { callbackUrl: tollgate.webhooks.url });
    await tollgate.clock.advance({ minutes: 10 });
    expect(tollgate.webhooks.all()).toHaveLength(3);
    expect(new Set(tollgate.webhooks.all().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await expect(tollgate.webhooks.expectNone({ path: '/' })).rejects.toThrow(/^3 webhooks that should not have come/);
    tollgate.webhooks.clear();
    await tollgate.webhooks.expectNone();
  });

  test('inbound messages are taken, and STOP is heeded where an account uses the API of a provider', async () => {
    const tollgate = await start({ clock: 'frozen' });
    const account = await fetch(`${tollgate.url}/v1/accounts/acme`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'postpaid', face: 'twilio' }),
    });
    expect(account.status).toBe(201);
    const { number } = await tollgate.registry.registerNumber();
    const handset = tollgate.registry.handset('tmobile', 3);
    const stop = { from: handset, to: number, text: 'STOP', account: 'acme' };
    expect(await tollgate.inbound.send(stop)).toMatchObject({ decision: 'accepted', keyword: 'stop' });
    expect(await send(tollgate, { from: number, to: handset })).toMatchObject({ decision: 'opted_out' });
    await expect(tollgate.inbound.send({ from: '+1', to: number, text: 'Hi' })).rejects.toThrow('ten digits');
  });

  test('a sandbox may use the API of a provider, and hears from phones as that provider tells it, after a reset too', async () => {
    const tollgate = await start({ clock: 'frozen' });
    const sandbox = await tollgate.sandbox({ face: 'twilio' });
    const { number } = await sandbox.registry.registerNumber();
    const from = sandbox.registry.handset('att');
    await sandbox.inbound.send({ from, to: number, text: 'stop' });
    await sandbox.webhooks.waitFor({ From: from, To: number, Body: 'stop', AccountSid: sandbox.api.id });
    expect(await send(sandbox, { from: number, to: from })).toMatchObject({ decision: 'opted_out' });
    await sandbox.reset();
    await sandbox.inbound.send({ from, to: number, text: 'hello' });
    await sandbox.webhooks.waitFor({ Body: 'hello' });
    await expect(tollgate.sandbox({ face: 'acme' as 'twilio' })).rejects.toThrow('twilio, bandwidth, sinch');
  });
});

describe('matchers', () => {
  test('pass and fail with words that help', async () => {
    const tollgate = await start({ clock: 'frozen' });
    const sent = await send(tollgate, { to: magicTo('filtered') });
    expect(sent).toHaveBeenAccepted();
    const message = await tollgate.messages.waitFor({ handset: 'filtered' });
    expect(message).toHaveBeenCharged({ micros: message.price.totalMicros });
    expect(message).toHaveBeenCharged(message.price.totalMicros / 1e6);
    expect(message).not.toHaveBeenCharged(1);
    expect(message).not.toHaveReachedHandset();
    await expect(tollgate).toHaveSent({ to: magicTo('filtered') });
    await expect(tollgate).not.toHaveDelivered({ to: magicTo('filtered') });
    await expect(tollgate).not.toHaveReceivedWebhook();
    expect(() => expect(message).toHaveBeenCharged(1)).toThrow(/the message cost \$0\.\d{6}, wanted \$1\.000000/);
    expect(() => expect(message).toHaveBeenRefusedFor('x')).toThrow('the message was not refused but accepted');
    expect(() => expect(message).not.toHaveBeenAccepted()).toThrow('decided as "accepted"');
    expect(() => expect(message).toHaveReachedHandset()).toThrow('the phone got it: "filtered"');
    expect(() => expect({}).toHaveBeenAccepted()).toThrow('expected a message');
    await expect(expect(tollgate).toHaveDelivered({ text: 'No' }, { timeoutMs: 100 })).rejects.toThrow(/closest of 1/);
    await expect(expect(5).toHaveSent()).rejects.toThrow('expected what startTollgate');
    await expect(expect(tollgate).not.toHaveSent({ txt: 'Hi' } as never)).rejects.toThrow('a message has no "txt"');
  });
});
