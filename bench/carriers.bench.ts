/**
 * What does a message cost at the far end: drawing its fate, filtering, waiting for the receipt and the handset, being recorded? Beside a
 * store that is told of receipt and handset at once. Texts are those of the demo, seven in ten senders registered.
 */
import { CARRIERS } from '../registry-cache/index.ts';
import { SimulatedCarriers } from '../gateway/delivery/index.ts';
import { loadCorpus } from '../gateway/demo/index.ts';
import { emptyDraft, MessageStore, ReceiptState } from '../gateway/messages/index.ts';
import { DecisionCode, HandsetOutcome, MessageSlot, namedStream, Registration } from '../gateway/router/index.ts';
import {
  allocatedBytesPerOp,
  type BenchSettings,
  type Figure,
  figureOf,
  interleave,
  loopSide,
  type Series,
} from './harness.ts';

const UNIT = 'messages/s';
const START_MS = Date.UTC(2024, 2, 1);
const TICK_MS = 10;
/** 12,500 messages a second: the slowest has ended before its place is taken again. */
const MESSAGES_PER_TICK = 125;
const IN_STORE = 262_144;
const KINDS = 4_096;
const SENDERS = 5_000;

export async function run({ seed, isTiny }: BenchSettings): Promise<Figure[]> {
  const chance = namedStream(seed, 'bench/carriers');
  const below = (count: number): number => Math.floor(chance.next() * count);
  const { ham, spam } = loadCorpus();
  const kinds = Array.from({ length: KINDS }, () => {
    const isSpam = chance.next() < 0.3;
    const texts = isSpam ? spam : ham;
    return {
      text: texts[below(texts.length)]!,
      carrier: below(CARRIERS.length),
      registration: chance.next() < 0.7 ? Registration.Registered : Registration.NotInRegistry,
      senderKey: 2_125_550_000 + below(SENDERS),
      destinationKey: 3_105_550_000 + below(1_000_000),
    };
  });

  const filled = (): { readonly store: MessageStore; readonly addOne: (atMs: number) => number } => {
    const store = new MessageStore(IN_STORE, 'BENCH');
    const slot = Object.assign(new MessageSlot(), { code: DecisionCode.Accepted, atMs: START_MS });
    const draft = emptyDraft();
    return {
      store,
      addOne(atMs) {
        const kind = kinds[store.nextSequence & (KINDS - 1)]!;
        slot.carrier = kind.carrier;
        slot.registration = kind.registration;
        slot.senderKey = kind.senderKey;
        slot.destinationKey = kind.destinationKey;
        slot.atMs = atMs;
        draft.text = kind.text;
        return store.add(draft, slot) % IN_STORE;
      },
    };
  };

  const far = filled();
  let settled = 0;
  let nowMs = START_MS;
  const carriers = new SimulatedCarriers({
    store: far.store,
    seed,
    startMs: START_MS,
    listener: { receiptArrived: () => {}, ended: () => {}, settled: () => (settled += 1) },
  });
  const delivered = (count: number): number => {
    for (let i = 0; i < count; i += 1) {
      carriers.dispatch(far.addOne(nowMs), nowMs);
      if (i % MESSAGES_PER_TICK === 0) carriers.advance((nowMs += TICK_MS));
    }
    return settled;
  };
  const bare = filled();
  const told = (count: number): number => {
    for (let i = 0; i < count; i += 1) {
      const at = bare.addOne(START_MS);
      bare.store.recordReceipt(at, ReceiptState.Accepted, START_MS);
      bare.store.recordHandset(at, HandsetOutcome.Delivered, START_MS);
    }
    return bare.store.nextSequence;
  };

  const loops = isTiny ? 4_096 : 2_097_152;
  const rounds = isTiny ? 2 : 9;
  const [subject, baseline] = (await interleave(
    [loopSide('carriers', UNIT, loops, delivered), loopSide('a store told at once', UNIT, loops, told)],
    rounds,
  )) as [Series, Series];
  return [
    figureOf({
      bench: 'carriers',
      figure: 'delivery',
      params: { perSecond: (MESSAGES_PER_TICK * 1_000) / TICK_MS, inStore: IN_STORE, senders: SENDERS, rounds },
      subject,
      baseline,
      allocatedBytesPerOp: await allocatedBytesPerOp(delivered, { isTiny }),
    }),
  ];
}
