/** Messages of every kind that ended, in a store of their own, and a writer of CDRs whose time the test moves. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  makeRoomForLimits,
  HandsetOutcome,
  MessageSlot,
  namedStream,
  decide,
  TRUTHS,
  type Core,
} from '../router/index.ts';
import { DeliveryError, emptyDraft, MessageStore, ReceiptState } from '../messages/index.ts';
import { ALL_CARRIERS, coreUnderTest, declare, TO } from '../router/world-under-test.ts';
import type { Cdr } from './cdr.ts';
import { type CdrLog, CdrWriter } from './cdr-writer.ts';

const NOON = Date.UTC(2024, 2, 1, 20);
const ACCOUNTS = [undefined, 'acme', 'qu"ote\\d', 'zoë'];
const DAYS = [Date.UTC(2024, 2, 1), Date.UTC(2022, 5, 30), Date.UTC(2025, 9, 12, 13, 14, 15, 16)];

export interface Ended {
  readonly core: Core;
  readonly store: MessageStore;
}

/** A store with `count` messages that a seeded chance made, all at their end. `whenFinal` is told of them as they end. */
export function endedMessages(
  seed: number,
  count: number,
  whenFinal: (ended: Ended, at: number) => void = () => {},
): Ended {
  const core = coreUnderTest();
  const chance = namedStream(seed, 'ended messages');
  const pick = <T>(from: readonly T[]): T => from[Math.floor(chance.next() * from.length)] as T;
  // Few campaigns with low limits, one of them not registered everywhere, so that some messages meet a limit.
  const campaigns = ['T', 'T', 'A'].map((attClass, place) =>
    declare(core, { attClass, tmobileTier: 'LOW', status: place === 2 ? 0b10 : ALL_CARRIERS }),
  );
  for (let place = 0; place < 20; place += 1) core.registry.register(2_125_550_100 + place, pick(campaigns), 0, 0);
  makeRoomForLimits(core);
  const store = new MessageStore(count, 'TEST');
  const ended = { core, store };
  store.whenFinal = (at) => whenFinal(ended, at);
  const slot = new MessageSlot();
  for (let index = 0; index < count; index += 1) {
    const isMms = chance.next() < 0.1;
    const draft = Object.assign(emptyDraft(), {
      senderKey: pick([2_125_550_100 + Math.floor(chance.next() * 30), 8_005_550_100]),
      destinationKey: pick(Object.values(TO)),
      text: 'a secret that no CDR holds',
      isUcs2: chance.next() < 0.3,
      units: isMms ? 1 : 1 + Math.floor(chance.next() * 4),
      kind: isMms ? 1 : 0,
      route: chance.next() < 0.1 ? 1 : 0,
      truth: Math.floor(chance.next() * TRUTHS.length),
      account: pick(ACCOUNTS),
    });
    const { senderKey, destinationKey, units, kind, route } = draft;
    const atMs = NOON + index;
    Object.assign(slot, { senderKey, destinationKey, units, kind, route, atMs, uptimeMs: atMs, draw: chance.next() });
    slot.pricedAtMs = pick(DAYS);
    const code = decide(core, slot);
    const at = store.add(draft, slot) % count;
    if (code !== 0) continue;
    const isReachable = chance.next() < 0.9;
    store.recordReceipt(at, isReachable ? ReceiptState.Accepted : ReceiptState.Undelivered, atMs + 123);
    store.recordHandset(
      at,
      isReachable ? pick([HandsetOutcome.Delivered, HandsetOutcome.Filtered]) : HandsetOutcome.Undelivered,
      atMs + 1_234,
    );
    store.error[at] = pick([DeliveryError.None, DeliveryError.AbsentSubscriber, DeliveryError.SpamFilter]);
  }
  return ended;
}

/** A directory that is gone when the test is over. */
export function scratchDirectory(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-cdr-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Names and contents of the files of a directory, by name. */
export function filesIn(directory: string): Map<string, string> {
  return new Map(
    readdirSync(directory)
      .toSorted()
      .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  );
}

/** The records of lines, in order. */
export function cdrsOf(text: string): Cdr[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Cdr);
}

export interface WriterUnderTest {
  readonly writer: CdrWriter;
  readonly logged: { readonly level: string; readonly message: string; readonly fields: object }[];
  /** Moves time on, runs the timer and lets the disk work until it is done. */
  readonly tick: (ms?: number) => Promise<void>;
}

export function openWriter(
  { core, store }: Ended,
  directory: string,
  own: Partial<{ rotateBytes: number; rotateMs: number; pendingBytesMax: number; run: string }> = {},
): WriterUnderTest {
  let nowMs = NOON;
  let run = (): void => {};
  const logged: WriterUnderTest['logged'] = [];
  const logAs =
    (level: string): CdrLog['info'] =>
    (fields, message) => {
      logged.push({ level, message, fields });
    };
  const writer = new CdrWriter({
    core,
    store,
    directory,
    run: 'RUN',
    pid: 4_711,
    rotateBytes: 1e9,
    rotateMs: 1e9,
    pendingBytesMax: 1e9,
    clock: { nowMs: () => nowMs, monotonicNs: () => 0 },
    timers: {
      every: (_, call) => {
        run = call;
        return () => (run = () => {});
      },
      after: () => () => {},
    },
    log: { info: logAs('info'), error: logAs('error') },
    ...own,
  });
  return {
    writer,
    logged,
    tick: async (ms = 100) => {
      nowMs += ms;
      run();
      await writer.idle();
    },
  };
}
