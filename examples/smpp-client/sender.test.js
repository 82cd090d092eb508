import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { magicFrom, magicTo, startTollgate } from 'tollgate/testing';
import { Sender } from './sender.js';

const THROTTLED = 0x58;

let tollgate;
let sender;
before(async () => {
  tollgate = await startTollgate({ seed: 7, smpp: true });
  sender = await Sender.open(tollgate.smppUrls[0], 'acme', 'secret');
});
after(async () => {
  await sender.close();
  await tollgate.close();
});

/** What the receipt of a message says, once it is here. */
async function receiptOf(id) {
  for (;;) {
    const state = sender.states.get(id);
    if (state !== undefined) return state;
    await pause(10);
  }
}

test('a message arrives, and its receipt says that it was accepted: all that AT&T tells', async () => {
  const id = await sender.send(magicFrom('registered'), magicTo('delivered'), 'Your table is ready.');
  assert.equal(await receiptOf(id), 'ACCEPTD');
  const message = await tollgate.messages.waitFor({ account: 'acme', handset: 'delivered' });
  assert.equal(message.carrier, 'att');
});

test('a message to a number that no phone has is undelivered', async () => {
  const id = await sender.send(magicFrom('registered'), magicTo('unknown_subscriber'), 'Your table is ready.');
  assert.equal(await receiptOf(id), 'UNDELIV');
});

test('a campaign over its minute is throttled', async () => {
  const sending = sender.send(magicFrom('over_tpm'), magicTo('delivered'), 'Your table is ready.');
  await assert.rejects(sending, { status: THROTTLED });
});
