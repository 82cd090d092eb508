import { magicFrom, magicTo, type SandboxWorld, startTollgate, type Tollgate } from 'tollgate/testing';
import { tollgateMatchers } from 'tollgate/testing/vitest';
import twilio from 'twilio';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Reminders } from './reminders.ts';

expect.extend(tollgateMatchers);

let tollgate: Tollgate;
beforeAll(async () => {
  tollgate = await startTollgate({ seed: 7, clock: 'frozen' });
});
afterAll(() => tollgate.close());

let sandbox: SandboxWorld;
beforeEach(async () => {
  sandbox = await tollgate.sandbox({ face: 'twilio' });
  return () => sandbox.close();
});

function reminders(from = magicFrom('registered')): Reminders {
  const client = twilio(sandbox.api.id, sandbox.api.secret);
  client.api.baseUrl = `${tollgate.url}/twilio`;
  return new Reminders(client, from, sandbox.webhooks.url);
}

const booking = (phone: string) => ({ id: 'b1', guest: 'Ada', phone, at: 'seven' });

/** Hands over what was posted, as a web server would. */
function handOver(to: Reminders): void {
  for (const { path, headers, body } of sandbox.webhooks.all()) {
    const url = `${sandbox.webhooks.url}${path}`;
    to.told(sandbox.api.secret, url, String(headers['x-twilio-signature']), body as Record<string, string>);
  }
}

test('a reminder arrives, and Twilio says so in a callback that is signed', async () => {
  const sent = reminders();
  await sent.send(booking(magicTo('delivered')));
  await expect(sandbox).toHaveDelivered({ text: /^Ada, your table/, carrier: 'att' });
  await expect(sandbox).toHaveReceivedWebhook({ MessageStatus: 'delivered' });
  handOver(sent);
  expect(sent.standing('b1')).toBe('arrived');
});

test('a phone that is off is told of later', async () => {
  const sent = reminders();
  await sent.send(booking(magicTo('absent_subscriber')));
  await expect(sandbox).toHaveReceivedWebhook({ MessageStatus: 'undelivered' });
  handOver(sent);
  expect(sent.standing('b1')).toBe('failed');
});

test('a guest who has opted out is not an error', async () => {
  const sent = reminders();
  await sent.send(booking(magicTo('opted_out')));
  expect(sent.standing('b1')).toBe('asked-not-to');
});

test('a guest who answers STOP gets no more reminders', async () => {
  const { number } = await sandbox.registry.registerNumber();
  const guest = sandbox.registry.handset('verizon');
  await sandbox.inbound.send({ from: guest, to: number, text: 'Stop' });
  await expect(sandbox).toHaveReceivedWebhook({ From: guest, Body: 'Stop' });
  const sent = reminders(number);
  await sent.send(booking(guest));
  expect(sent.standing('b1')).toBe('asked-not-to');
});

test('a number that nobody registered costs more, and is refused where carriers block it', async () => {
  const sent = reminders(magicFrom('unregistered'));
  await sent.send(booking(magicTo('delivered')));
  expect(await sandbox.messages.waitFor({ handset: 'delivered' })).toHaveBeenCharged(0.0184);
  await sandbox.policy.regime('block');
  await sent.send({ ...booking(magicTo('delivered')), id: 'b2' });
  await expect(sandbox).toHaveReceivedWebhook({ MessageStatus: 'undelivered', ErrorCode: '30034' });
});

test('a carrier that is away for an hour delivers when it is back', async () => {
  const outage = await sandbox.faults.outage({ carrier: 'att' });
  await reminders().send(booking(sandbox.registry.handset('att')));
  await sandbox.clock.advance({ hours: 1 });
  await sandbox.messages.expectNone({ receipt: 'ACCEPTD' });
  await outage.clear();
  await sandbox.clock.advance({ hours: 1 });
  await sandbox.messages.waitFor({ receipt: 'ACCEPTD' });
});
