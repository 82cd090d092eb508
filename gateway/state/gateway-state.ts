/**
 * The whole state of a gateway that keeps everything in its own process: saved, restored, and put back to what it was at the start.
 *
 * A state is captured and restored in one go, between two turns of the event loop, so no message is ever half in it. What takes longer,
 * packing and unpacking, works on bytes that nobody else has. Work that goes over several turns (a batch, a file of numbers) would be cut in
 * two, so nothing is saved or restored while there is any.
 *
 * Restoring comes after every check there is. Should a part fail on it all the same, the state of before is put back.
 */
import { RESET_STATE_BYTES_MAX, STATE_BYTES_MAX } from '../limits.ts';
import type { Clock, Stateful } from '../router/index.ts';
import {
  deserialized,
  packed,
  type PartStates,
  readHead,
  serialized,
  type SnapshotHead,
  SnapshotRefused,
  unpacked,
} from './snapshot-file.ts';

export interface GatewayStateOptions {
  /** By name, in the order in which they are to be restored. */
  readonly parts: Readonly<Record<string, Stateful>>;
  /** What another gateway must have alike to take up a state of this one, by name; asked when it is needed. */
  readonly alike: () => Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** What is under way that goes over several turns, in words; undefined for nothing. */
  readonly underWay: () => string | undefined;
  /** About how many bytes the largest parts take. */
  readonly sizeBytes: () => number;
  /** Called when all parts are restored. */
  readonly whenRestored: () => void;
}

/** Not now, or not of this gateway: `retryAfterS` if waiting helps. */
export class StateUnavailable extends Error {
  readonly retryAfterS: number | undefined;

  constructor(message: string, retryAfterS?: number) {
    super(message);
    this.name = 'StateUnavailable';
    this.retryAfterS = retryAfterS;
  }
}

const RETRY_AFTER_S = 1;

export class GatewayState {
  readonly #options: GatewayStateOptions;
  #start: Promise<Buffer> | undefined;

  constructor(options: GatewayStateOptions) {
    this.#options = options;
  }

  /**
   * Keeps the state as it is for `reset`, unless it is too large to keep beside the gateway itself. Cost: the state once more for a moment,
   * and then its packed size.
   */
  keepStart(): void {
    if (this.#options.sizeBytes() > RESET_STATE_BYTES_MAX) return;
    // Whoever resets waits until it is packed; nobody else has to.
    this.#start = packed(this.#head(), this.#captured());
  }

  /** Rejects with StateUnavailable. */
  async save(): Promise<Buffer> {
    this.#requireQuiet();
    if (this.#options.sizeBytes() > STATE_BYTES_MAX) {
      throw new StateUnavailable(`the state takes more than the ${STATE_BYTES_MAX} bytes that a snapshot may have`);
    }
    const head = this.#head();
    return packed(head, this.#captured());
  }

  /** Takes up a state that was saved. Rejects with SnapshotRefused or StateUnavailable; the gateway then has the state it had. */
  async load(file: Buffer): Promise<SnapshotHead> {
    this.#requireQuiet();
    const head = readHead(file);
    this.#requireAlike(head);
    const states = await unpacked(file);
    this.#requireQuiet();
    this.#restore(states);
    return head;
  }

  /** Goes back to the state that was kept at the start. Rejects with StateUnavailable. */
  async reset(): Promise<SnapshotHead> {
    if (this.#start === undefined) {
      throw new StateUnavailable(
        `what the gateway began with takes more than ${RESET_STATE_BYTES_MAX} bytes and was not kept; ` +
          'restore a snapshot taken at the start, or start the gateway anew',
      );
    }
    return this.load(await this.#start);
  }

  #head(): SnapshotHead {
    return { takenAt: new Date(this.#options.clock.nowMs()).toISOString(), alike: this.#options.alike() };
  }

  #captured(): Buffer {
    const entries = Object.entries(this.#options.parts);
    return serialized(new Map(entries.map(([name, part]) => [name, part.capture()])));
  }

  #restore(states: PartStates): void {
    const names = Object.keys(this.#options.parts);
    const differing = [...names, ...states.keys()].find((name) => !states.has(name) || !names.includes(name));
    if (differing !== undefined) {
      throw new SnapshotRefused(
        'parts',
        `the part "${differing}" is not on both sides; use the options it was taken with`,
      );
    }
    const before = this.#captured();
    try {
      this.#restoreParts(states);
    } catch (error) {
      this.#restoreParts(deserialized(before));
      const why = error instanceof Error ? error.message : String(error);
      throw new SnapshotRefused('parts', `what the snapshot holds cannot be taken up (${why}); take a new one`);
    }
  }

  #restoreParts(states: PartStates): void {
    for (const [name, part] of Object.entries(this.#options.parts)) part.restore(states.get(name));
    this.#options.whenRestored();
  }

  #requireQuiet(): void {
    const what = this.#options.underWay();
    if (what !== undefined)
      throw new StateUnavailable(`${what} is under way; try again when it has ended`, RETRY_AFTER_S);
  }

  #requireAlike({ alike }: SnapshotHead): void {
    const here = this.#options.alike();
    for (const name of new Set([...Object.keys(here), ...Object.keys(alike)])) {
      const [there = 'not known', own = 'not known'] = [alike[name], here[name]];
      if (there === own) continue;
      throw new SnapshotRefused(
        name,
        `is ${own} here and was ${there} where the snapshot was taken; a state is taken up where both are the same`,
      );
    }
  }
}
