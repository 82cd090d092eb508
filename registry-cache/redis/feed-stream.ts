/** A stream that is followed: where it was read to, what of that was applied, and when that was all there was. */
import { StoreClock, streamIdMs, type Cursor } from './feed-cursor.ts';
import type { Look } from './feed-probe.ts';
import type { StreamKeys } from './layout.ts';

export class FollowedStream {
  readonly keys: StreamKeys;
  /** What was read, judged and put in the queue; undefined while nobody knows where to begin. */
  read: Cursor | undefined;
  private appliedTo: Cursor | undefined;
  private readonly clock = new StoreClock();
  private levelMs = -Infinity;
  /** How far a heartbeat saw the store, and when it asked, until that is reached. */
  private seen: { readonly sequence: number; readonly atMs: number } | undefined;
  /** Where reading stood when the last heartbeat saw more to read. */
  private readBehind: number | undefined;
  private isStuck = false;

  constructor(keys: StreamKeys) {
    this.keys = keys;
  }

  /** Where the target of its changes stands. Throws before `standAt`. */
  get applied(): Cursor {
    if (this.appliedTo === undefined) throw new Error('nothing of this stream was applied');
    return this.appliedTo;
  }

  /** When it was last known that everything the store held was applied, by the local clock. */
  get levelAtMs(): number {
    return this.levelMs;
  }

  /** Whether it was not read from one heartbeat to the next although there was more. */
  get standsStill(): boolean {
    return this.isStuck;
  }

  standAt(cursor: Cursor): void {
    this.read = cursor;
    this.appliedTo = cursor;
    this.seen = undefined;
    this.readBehind = undefined;
  }

  /** Takes in what a heartbeat saw, given when it asked and heard. To be told after its verdict. */
  hear(look: Look, askedMs: number, heardMs: number): void {
    if (this.read !== undefined && look.server !== this.read.server) {
      this.clock.reset();
      this.read = { ...this.read, server: look.server };
      this.appliedTo = { ...this.applied, server: look.server };
    }
    this.clock.learn(askedMs, heardMs, look.atMs);
    if (this.read === undefined) return;
    const behind = look.sequence > this.read.sequence ? this.read.sequence : undefined;
    this.isStuck = behind !== undefined && behind === this.readBehind;
    this.readBehind = behind;
    this.saw(look.sequence, askedMs);
  }

  /** The store was at `sequence` at a moment of the local clock, or later. */
  saw(sequence: number, atMs: number): void {
    this.seen = { sequence, atMs };
    this.noteLevel();
  }

  /** The next entry was applied at a moment of the local clock. How long that was after the store wrote it, in milliseconds. */
  advance(entry: { readonly id: string; readonly sequence: number }, nowMs: number): number {
    this.appliedTo = { ...this.applied, id: entry.id, sequence: entry.sequence };
    const writtenMs = this.clock.toLocalMs(streamIdMs(entry.id));
    this.levelMs = Math.max(this.levelMs, Math.min(writtenMs, nowMs));
    this.noteLevel();
    return Math.max(0, nowMs - writtenMs);
  }

  private noteLevel(): void {
    if (this.seen === undefined || this.applied.sequence < this.seen.sequence) return;
    this.levelMs = Math.max(this.levelMs, this.seen.atMs);
    this.seen = undefined;
  }
}
