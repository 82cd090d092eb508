import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { DecisionCode, HandsetOutcome, MessageSlot } from '../router/index.ts';
import { emptyDraft } from './message-draft.ts';
import { MESSAGE_STATES, MessageStore, ReceiptState } from './message-store.ts';

const NOW_MS = Date.UTC(2024, 2, 1);

function slotOf(code: number): MessageSlot {
  return Object.assign(new MessageSlot(), {
    code,
    senderKey: 2_125_550_100,
    destinationKey: 2_125_550_101,
    atMs: NOW_MS,
  });
}
const ACCEPTED = slotOf(DecisionCode.Accepted);
const REFUSED = slotOf(DecisionCode.NoTariff);
const add = (store: MessageStore, text: string, slot = ACCEPTED): number => store.add({ ...emptyDraft(), text }, slot);
const end = (store: MessageStore, sequence: number, outcome: number = HandsetOutcome.Delivered): void =>
  store.recordHandset(sequence % store.capacity, outcome, NOW_MS);
const textsHeld = (store: MessageStore): (string | undefined)[] =>
  Array.from({ length: store.count }, (_, index) => store.texts.get((store.oldestSequence + index) % store.capacity));

describe('a message that lingers', () => {
  test('keeps its place, ended or not, while others come and go', () => {
    const store = new MessageStore(6, 'RUN');
    const trying = add(store, 'tried again');
    const late = add(store, 'its receipt is late');
    end(store, late);
    for (const sequence of [trying, late]) store.setLingering(sequence, true);
    store.setLingering(late, true);
    expect(store.lingeringCount).toBe(2);
    for (let round = 0; round < 20; round += 1) {
      expect(store.hasRoom()).toBe(true);
      end(store, add(store, 'passing'));
    }
    expect([store.texts.get(trying), store.texts.get(late)]).toEqual(['tried again', 'its receipt is late']);
    expect([store.holds(trying), store.holds(late)]).toEqual([true, true]);

    store.recordReceipt(late, ReceiptState.Accepted, NOW_MS + 1);
    expect([MESSAGE_STATES[store.state[late]!], store.receipt[late]]).toEqual(['delivered', ReceiptState.Accepted]);
    end(store, trying);
    for (const sequence of [trying, late]) store.setLingering(sequence, false);
    for (let count = 0; count < 6; count += 1) {
      expect(store.hasRoom()).toBe(true);
      end(store, add(store, 'passing'));
    }
    expect([store.holds(trying), store.holds(late), store.lingeringCount]).toEqual([false, false, 0]);
  });

  test('is not passed over any more when more than half of all do', () => {
    const store = new MessageStore(6, 'RUN');
    for (let count = 0; count < 6; count += 1) {
      const sequence = add(store, 'late');
      end(store, sequence);
      if (count < 4) store.setLingering(sequence, true);
    }
    expect(store.hasRoom()).toBe(false);
    expect(store.nextSequence).toBe(6);
    store.setLingering(3, false);
    expect(store.hasRoom()).toBe(true);
    expect(store.nextSequence % 6).toBe(3);
  });

  test('lingers on in a store that takes up what was written down', () => {
    const store = new MessageStore(6, 'RUN');
    store.setLingering(add(store, 'late'), true);
    const other = new MessageStore(6, 'RUN');
    other.restore(structuredClone(store.capture()));
    expect([other.lingers[0], other.lingeringCount]).toEqual([1, 1]);
  });
});

describe('ids', () => {
  test.prop([fc.nat({ max: 36 ** 10 - 1 }), fc.stringMatching(/^[0-9A-Z]{1,7}$/)])(
    'go back to the sequence number they were made from',
    (sequence, tag) => {
      const store = new MessageStore(1, tag);
      expect(store.idOf(sequence)).toMatch(/^M[0-9A-Z]+-[0-9A-Z]+$/);
      expect(store.sequenceOf(store.idOf(sequence))).toBe(sequence);
      expect(new MessageStore(1, `${tag}X`).sequenceOf(store.idOf(sequence))).toBe(-1);
    },
  );

  test.prop([fc.string()])('of no message come back as none, whatever they are', (text) => {
    const store = new MessageStore(1, 'RUN');
    for (const id of [text, `MRUN-${text}`]) {
      const sequence = store.sequenceOf(id);
      expect(sequence === -1 || store.idOf(sequence) === id).toBe(true);
    }
  });

  test.each([
    '',
    'MRUN',
    'MRUN-',
    'MRUN-0A',
    'mrun-a',
    'MRUN-a',
    'MRUN--1',
    'MRUN-1.5',
    'MRUN-1 ',
    'MRUN-ZZZZZZZZZZZ',
    'MRU-1',
  ])('that look alike are not taken: "%s"', (id) => {
    expect(new MessageStore(1, 'RUN').sequenceOf(id)).toBe(-1);
  });
});

describe('the ring', () => {
  test('holds the latest messages; a finished one gives its place to a new one', () => {
    const store = new MessageStore(3, 'RUN');
    expect([store.count, store.hasRoom()]).toEqual([0, true]);
    for (const text of ['a', 'b', 'c']) end(store, add(store, text));
    expect(textsHeld(store)).toEqual(['a', 'b', 'c']);
    expect(add(store, 'd')).toBe(3);
    expect(textsHeld(store)).toEqual(['b', 'c', 'd']);
    expect([0, 1, 3, 4].map((sequence) => store.holds(sequence))).toEqual([false, true, true, false]);
  });

  test('is full while its oldest message is in flight, and no longer', () => {
    const store = new MessageStore(2, 'RUN');
    const oldest = add(store, 'a');
    end(store, add(store, 'b'));
    expect(store.hasRoom()).toBe(false);
    store.recordReceipt(0, ReceiptState.Accepted, NOW_MS);
    expect(store.hasRoom()).toBe(false);
    end(store, oldest);
    expect(store.hasRoom()).toBe(true);
  });

  test('takes refused messages as finished', () => {
    const store = new MessageStore(1, 'RUN');
    add(store, 'a', REFUSED);
    expect([store.inFlightCount, store.hasRoom(), MESSAGE_STATES[store.state[0]!]]).toEqual([0, true, 'rejected']);
  });

  test('keeps nothing of the message whose place was taken', () => {
    const store = new MessageStore(1, 'RUN');
    const full = { ...emptyDraft(), text: 'a', account: 'x', reference: 'y', callbackUrl: 'z', media: ['m'] };
    const sequence = store.add(full, ACCEPTED);
    store.recordReceipt(0, ReceiptState.Accepted, NOW_MS);
    end(store, sequence);
    add(store, 'b', REFUSED);
    expect([store.accounts[0], store.references[0], store.callbackUrls[0], store.media[0]]).toEqual(
      Array(4).fill(undefined),
    );
    expect([store.receipt[0], store.receiptAtMs[0], store.handsetAtMs[0], store.outcome[0]]).toEqual([0, 0, 0, 0]);
  });

  test('a message ends once: a second end is an error and changes nothing', () => {
    const store = new MessageStore(2, 'RUN');
    const sequence = add(store, 'a');
    end(store, sequence, HandsetOutcome.Filtered);
    expect(() => end(store, sequence)).toThrow('ended twice');
    expect(MESSAGE_STATES[store.state[0]!]).toBe('filtered');
    expect(store.inFlightCount).toBe(0);
    expect(() => end(store, add(store, 'b', REFUSED))).toThrow('ended twice');
  });
});

const actions = fc.array(fc.constantFrom('add', 'refuse', 'end'), { maxLength: 200 });
test.prop([fc.integer({ min: 1, max: 9 }), actions])('behaves as a list of its latest messages', (capacity, steps) => {
  const store = new MessageStore(capacity, 'RUN');
  const all: { text: string; isInFlight: boolean }[] = [];
  for (const step of steps) {
    const held = all.slice(-capacity);
    if (step === 'end') {
      // The youngest first, so that the oldest stays long enough to fill the ring.
      const youngest = all.findLastIndex((one) => one.isInFlight);
      if (youngest < 0) continue;
      end(store, youngest);
      all[youngest]!.isInFlight = false;
    } else {
      const hasRoom = held.length < capacity || !held[0]!.isInFlight;
      expect(store.hasRoom()).toBe(hasRoom);
      if (!hasRoom) continue;
      const text = String(all.length);
      expect(add(store, text, step === 'add' ? ACCEPTED : REFUSED)).toBe(all.length);
      all.push({ text, isInFlight: step === 'add' });
    }
    const latest = all.slice(-capacity);
    expect(textsHeld(store)).toEqual(latest.map(({ text }) => text));
    expect(store.inFlightCount).toBe(all.filter(({ isInFlight }) => isInFlight).length);
    for (let sequence = store.oldestSequence; sequence < store.nextSequence; sequence += 1) {
      expect(store.sequenceAt(sequence % capacity)).toBe(sequence);
    }
  }
});
