import { beforeEach, describe, expect, test } from 'vitest';
import { BINDINGS, DecisionCode, makeRoomForLimits, MessageSlot } from '../router/index.ts';
import { coreUnderTest, declare, TO } from '../router/world-under-test.ts';
import { emptyDraft } from './message-draft.ts';
import { MessageStore } from './message-store.ts';
import { messageAnswer, messageRecord, priceView, SENDER } from './message-view.ts';

const FROM = 2_125_550_123;
const NOON = Date.UTC(2024, 2, 1, 20);

let core: ReturnType<typeof coreUnderTest>;
let store: MessageStore;
let slot: MessageSlot;
beforeEach(() => {
  core = coreUnderTest();
  const campaign = declare(core, { attClass: 'A', tmobileTier: 'TOP' });
  const account = core.accounts.set({
    id: 'acme',
    isPrepaid: true,
    smsPerSecond: 0,
    mmsPerSecond: 0,
    numberSmsPerSecond: 0,
    numberMmsPerSecond: 0,
    inFlightMax: 0,
  });
  makeRoomForLimits(core);
  store = new MessageStore(4, 'TEST');
  slot = Object.assign(new MessageSlot(), { senderKey: FROM, destinationKey: TO.tmobile, carrier: 2, atMs: NOON });
  Object.assign(slot, { campaign, account, limitUsed: 3, limitCap: 2, retryAfterMs: 500 });
});

const draft = () => Object.assign(emptyDraft(), { text: 'hi', account: 'acme' });

describe('the limit that bound', () => {
  // What a limit counts by, as the answer names it. No answer names a brand.
  const keys: Readonly<Record<string, string>> = {
    campaign: 'CTEST0',
    brand: 'CTEST0',
    number: '+12125550123',
    account: 'acme',
    carrier: 'tmobile',
  };
  const bindings = BINDINGS.map(({ name, scope }, binding) => ({ name, scope, binding }));
  const stored = bindings.filter(({ scope }) => scope !== 'none' && scope !== 'gateway');

  test.each(stored)('$name is told with the key of its scope ($scope)', ({ name, scope, binding }) => {
    Object.assign(slot, { code: DecisionCode.AccountRateExceeded, binding });
    const answer = messageAnswer(core, store, store.add(draft(), slot));
    expect(answer.limit).toEqual({ name, scope, key: keys[scope], used: 3, cap: 2 });
    expect(answer.retryAfterMs).toBe(500);
    expect(JSON.stringify(answer)).not.toContain(core.brands.id(0));
  });

  test('there is no time to try again where waiting does not help', () => {
    const binding = BINDINGS.findIndex(({ name }) => name === 'account_balance');
    Object.assign(slot, { code: DecisionCode.InsufficientBalance, binding, retryAfterMs: 0 });
    expect(messageAnswer(core, store, store.add(draft(), slot))).not.toHaveProperty('retryAfterMs');
  });
});

describe('postings', () => {
  const amounts = { carrierFeeMicros: 3_000, surchargeMicros: 0, dcaMicros: 500, aggregatorMicros: 7_900 };

  test('are paid by the account, whoever declared it, or by the sender', () => {
    Object.assign(slot.quote, amounts, { totalMicros: 11_400 });
    const payers = ['acme', 'nobody-declared', undefined].map((account) => {
      const { price } = messageAnswer(core, store, store.add({ ...draft(), account }, slot));
      expect(price.totalMicros).toBe(11_400);
      return [...new Set(price.postings.map(({ payer }) => payer))];
    });
    expect(payers).toEqual([['acme'], ['nobody-declared'], [SENDER]]);
  });

  test('sum to the price', () => {
    expect(priceView('tmobile', amounts)).toEqual({
      totalMicros: 11_400,
      postings: [
        { payer: 'sender', payee: 'tmobile', cause: 'carrier_fee', micros: 3_000 },
        { payer: 'sender', payee: 'dca', cause: 'dca_margin', micros: 500 },
        { payer: 'sender', payee: 'aggregator', cause: 'aggregator_price', micros: 7_900 },
      ],
    });
  });
});

test('a record tells the book that was in force', () => {
  core.books.push({ ...core.books[0]!, book: 'what-if' });
  const books = [0, 1].map((book) => {
    slot.book = book;
    return messageRecord(core, store, store.add(draft(), slot)).book;
  });
  expect(books).toEqual(['us-10dlc', 'what-if']);
});
