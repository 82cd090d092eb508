/**
 * Complaints on their way from recipients to their carriers, and what carriers make of them: a number with too many in a while is blocked
 * there. Two bounded tables: complaints that have not come yet, in a wheel, and the last ones of each number that has some.
 */
import { CARRIERS } from '../../registry-cache/index.ts';
import { COMPLAINED_NUMBERS_MAX, COMPLAINTS_PENDING_MAX } from '../limits.ts';
import type { NumberBlocks } from './number-blocks.ts';
import { TimingWheel, type TimingWheelState } from './timing-wheel.ts';

/** Complaints come hours later: nobody sees a second. */
const TICK_MS = 1_000;
const TURN_MS = 3_600_000;

/** When a carrier blocks a number. */
export interface ComplaintRule {
  readonly complaintsToBlock: number;
  readonly complaintWindowMs: number;
}

export interface ComplaintsState {
  readonly pending: TimingWheelState;
  readonly numbers: Float64Array;
  readonly carriers: Uint8Array;
  readonly received: ReadonlyMap<number, readonly number[]>;
}

export class Complaints {
  readonly #rules: readonly ComplaintRule[];
  readonly #blocks: NumberBlocks;
  readonly #onComplaint: (carrier: number) => void;
  readonly #wheel: TimingWheel;
  /** By pending complaint: about whom, and to whom. */
  readonly #numbers = new Float64Array(COMPLAINTS_PENDING_MAX);
  readonly #carriers = new Uint8Array(COMPLAINTS_PENDING_MAX);
  /** Places that were used and are free again, and the first one that never was. */
  readonly #free: number[] = [];
  #unused = 0;
  /** Times of the last complaints about a number at a carrier, as many as it takes to block it. */
  readonly #received = new Map<number, number[]>();
  readonly #step = (pending: number, atMs: number): void => this.#arrives(pending, atMs);

  /** @param rules by carrier */
  constructor(options: {
    rules: readonly ComplaintRule[];
    blocks: NumberBlocks;
    startMs: number;
    onComplaint: (carrier: number) => void;
  }) {
    this.#rules = options.rules;
    this.#blocks = options.blocks;
    this.#onComplaint = options.onComplaint;
    const { startMs } = options;
    this.#wheel = new TimingWheel({ entries: COMPLAINTS_PENDING_MAX, tickMs: TICK_MS, turnMs: TURN_MS, startMs });
  }

  /** Somebody will complain about a number. False if there are too many such already: then nobody will. */
  expect(number: number, carrier: number, dueMs: number): boolean {
    const pending = this.#free.pop() ?? this.#unused;
    if (pending === COMPLAINTS_PENDING_MAX) return false;
    if (pending === this.#unused) this.#unused += 1;
    this.#numbers[pending] = number;
    this.#carriers[pending] = carrier;
    this.#wheel.add(pending, dueMs);
    return true;
  }

  advance(nowMs: number): void {
    this.#wheel.advance(nowMs, this.#step);
  }

  capture(): ComplaintsState {
    const { pending, numbers, carriers } = {
      pending: this.#wheel.capture(),
      numbers: this.#numbers.subarray(0, this.#unused),
      carriers: this.#carriers.subarray(0, this.#unused),
    };
    return { pending, numbers, carriers, received: this.#received };
  }

  restore({ pending, numbers, carriers, received }: ComplaintsState): void {
    this.#wheel.restore(pending);
    this.#numbers.set(numbers);
    this.#carriers.set(carriers);
    this.#unused = numbers.length;
    const taken = new Set(pending.entries);
    this.#free.length = 0;
    for (let one = this.#unused - 1; one >= 0; one -= 1) if (!taken.has(one)) this.#free.push(one);
    this.#received.clear();
    for (const [key, times] of received) this.#received.set(key, [...times]);
  }

  #arrives(pending: number, atMs: number): void {
    const number = this.#numbers[pending]!;
    const carrier = this.#carriers[pending]!;
    this.#free.push(pending);
    this.#onComplaint(carrier);
    const { complaintsToBlock, complaintWindowMs } = this.#rules[carrier]!;
    const key = number * CARRIERS.length + carrier;
    const times = this.#received.get(key) ?? [];
    times.push(atMs);
    if (times.length > complaintsToBlock) times.shift();
    // Set anew, so that the first of the map is the one of which nobody has complained for longest.
    this.#received.delete(key);
    if (times.length === complaintsToBlock && atMs - times[0]! <= complaintWindowMs) {
      this.#blocks.add({ carrier, number, sinceMs: atMs, complaints: complaintsToBlock });
      return;
    }
    this.#received.set(key, times);
    if (this.#received.size > COMPLAINED_NUMBERS_MAX) this.#received.delete(this.#received.keys().next().value!);
  }
}
