import { magicFrom, magicTo, startTollgate } from 'tollgate/testing';
import { tollgateMatchers } from 'tollgate/testing/jest';
import Telnyx from 'telnyx';
import { Codes } from './codes.js';

expect.extend(tollgateMatchers);

let tollgate;
beforeAll(async () => {
  tollgate = await startTollgate({ seed: 7, tariffDate: '2025-06-01' });
});
afterAll(() => tollgate.close());

let sandbox;
beforeEach(async () => {
  sandbox = await tollgate.sandbox();
});
afterEach(() => sandbox.close());

function codes(from = magicFrom('registered')) {
  const client = new Telnyx({ apiKey: sandbox.api.secret, baseURL: `${tollgate.url}/telnyx/v2`, maxRetries: 0 });
  return new Codes(client, from);
}

test('a code arrives', async () => {
  const { id } = await codes().send(magicTo('delivered'), '123 456');
  await expect(sandbox).toHaveDelivered({ text: /^123 456 is/ });
  expect(await codes().hasArrived(id)).toBe(true);
});

test('a code to a phone that is off never arrives', async () => {
  const { id } = await codes().send(magicTo('absent_subscriber'), '123 456');
  await sandbox.messages.waitFor({ receipt: 'UNDELIV' });
  expect(await codes().hasArrived(id)).toBe(false);
});

test('what is no number is not tried', async () => {
  expect(await codes().send('+1555', '123 456')).toEqual({ whyNot: 'bad-number' });
  await sandbox.messages.expectNone();
});

test('a number that nobody registered gets nothing through, as has been the rule since 2024', async () => {
  const { id } = await codes(magicFrom('unregistered')).send(magicTo('delivered', 'tmobile'), '123 456');
  expect(await sandbox.messages.waitFor()).toHaveBeenRefusedFor('unregistered_blocked');
  expect(await codes().hasArrived(id)).toBe(false);
});

test('whether a code has arrived is open until its receipt is there', async () => {
  await sandbox.clock.freeze();
  const { id } = await codes().send(magicTo('delivered'), '123 456');
  expect(await codes().hasArrived(id)).toBeUndefined();
  await sandbox.clock.advance({ minutes: 1 });
  expect(await codes().hasArrived(id)).toBe(true);
});

test('a code that a carrier in trouble turns away never arrives, one sent afterwards does', async () => {
  const trouble = await sandbox.faults.errors('carrier_rejected', { carrier: 'att' });
  const turnedAway = await codes().send(sandbox.registry.handset('att'), '123 456');
  await sandbox.messages.waitFor({ error: 'carrier_rejected' });
  expect(await codes().hasArrived(turnedAway.id)).toBe(false);
  await trouble.clear();
  await codes().send(sandbox.registry.handset('att'), '654 321');
  await expect(sandbox).toHaveDelivered({ text: /^654 321 is/ });
});

test('a number registered a minute ago gets codes through where others are blocked', async () => {
  const { number } = await sandbox.registry.registerNumber();
  await sandbox.policy.regime('block');
  await codes(number).send(magicTo('delivered', 'verizon'), '123 456');
  await expect(sandbox).toHaveDelivered({ text: /^123 456 is/ });
  await sandbox.reset();
  await sandbox.messages.expectNone();
});
