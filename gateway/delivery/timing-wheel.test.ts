import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { TimingWheel } from './timing-wheel.ts';

const TICK_MS = 10;
const TURN_MS = 200;
const wheelOf = (entries: number, startMs = 0): TimingWheel =>
  new TimingWheel({ entries, tickMs: TICK_MS, turnMs: TURN_MS, startMs });

/** Runs the wheel to `nowMs` and tells what ran, as [entry, at]. */
function ranBy(wheel: TimingWheel, nowMs: number): [number, number][] {
  const ran: [number, number][] = [];
  wheel.advance(nowMs, (entry, atMs) => ran.push([entry, atMs]));
  return ran;
}

describe('an entry', () => {
  test('runs at the first tick not before its time, and not again', () => {
    const wheel = wheelOf(3);
    wheel.add(0, 20);
    wheel.add(1, 21);
    wheel.add(2, 30);
    expect(ranBy(wheel, 19)).toEqual([]);
    expect(ranBy(wheel, 20)).toEqual([[0, 20]]);
    expect(ranBy(wheel, 35)).toEqual([
      [1, 30],
      [2, 30],
    ]);
    expect(ranBy(wheel, 10_000)).toEqual([]);
  });

  test('whose time has passed runs at the next tick', () => {
    const wheel = wheelOf(1, 1_000);
    wheel.add(0, 5);
    expect(ranBy(wheel, 1_009)).toEqual([]);
    expect(ranBy(wheel, 1_010)).toEqual([[0, 1_010]]);
  });

  test('that waits for many turns runs in its own, also when time jumps', () => {
    const wheel = wheelOf(3);
    const far = 1_000 * TURN_MS + 30;
    wheel.add(0, far);
    wheel.add(1, TURN_MS);
    wheel.add(2, far);
    expect(ranBy(wheel, far - 10)).toEqual([[1, TURN_MS]]);
    expect(ranBy(wheel, far + 10 * TURN_MS)).toEqual([
      [0, far],
      [2, far],
    ]);
  });

  test('may put itself in line again while it runs, and others behind it are not skipped', () => {
    const wheel = wheelOf(3);
    for (const entry of [0, 1, 2]) wheel.add(entry, 10);
    const ran: string[] = [];
    let again = 2;
    wheel.advance(100, (entry, atMs) => {
      ran.push(`${entry} at ${atMs}`);
      if (entry === 0 && again > 0) {
        again -= 1;
        wheel.add(0, atMs + 15);
      }
    });
    expect(ran).toEqual(['0 at 10', '1 at 10', '2 at 10', '0 at 30', '0 at 50']);
  });

  test('added for now while its tick runs goes to the next tick of the same call, or waits for it', () => {
    const wheel = wheelOf(2);
    wheel.add(0, 10);
    const ran: string[] = [];
    const run = (entry: number, atMs: number): void => {
      ran.push(`${entry} at ${atMs}`);
      if (entry === 0) wheel.add(1, atMs);
    };
    wheel.advance(10, run);
    expect(ran).toEqual(['0 at 10']);
    wheel.advance(20, run);
    expect(ran).toEqual(['0 at 10', '1 at 20']);
  });

  test('that was taken out does not run, those beside it do, and its place is free', () => {
    const wheel = wheelOf(8);
    // Of one slot, of others, and of later turns of both.
    for (const entry of [0, 1, 2]) wheel.add(entry, 20);
    wheel.add(3, 50);
    for (const entry of [4, 5]) wheel.add(entry, 20 + 3 * TURN_MS);
    wheel.remove((entry) => entry % 2 === 1);
    wheel.add(1, 60);
    const ran = ranBy(wheel, 10_000);
    expect(ran.slice(0, 3)).toEqual([
      [0, 20],
      [2, 20],
      [1, 60],
    ]);
    expect(ran.map(([entry]) => entry)).toEqual([0, 2, 1, 4]);
    expect(ranBy(wheel, 20_000)).toEqual([]);
  });

  test('does not run while time stands still or goes back', () => {
    const wheel = wheelOf(1);
    ranBy(wheel, 100);
    wheel.add(0, 110);
    expect(ranBy(wheel, 100)).toEqual([]);
    expect(ranBy(wheel, 50)).toEqual([]);
    expect(ranBy(wheel, 110)).toEqual([[0, 110]]);
  });
});

/** A slow obvious wheel: a list searched for what is due. */
class SortedList {
  #waiting: { entry: number; tick: number; order: number }[] = [];
  #order = 0;
  #tick = 1;

  add(entry: number, dueMs: number): void {
    const tick = Math.max(Math.ceil(dueMs / TICK_MS), this.#tick);
    this.#waiting.push({ entry, tick, order: (this.#order += 1) });
  }

  advance(nowMs: number, run: (entry: number, atMs: number) => void): void {
    for (; this.#tick <= Math.floor(nowMs / TICK_MS);) {
      const tick = this.#tick;
      this.#tick += 1;
      const due = this.#waiting.filter((one) => one.tick === tick).sort((a, b) => a.order - b.order);
      this.#waiting = this.#waiting.filter((one) => one.tick !== tick);
      for (const { entry } of due) run(entry, tick * TICK_MS);
    }
  }
}

interface Line {
  add(entry: number, dueMs: number): void;
  advance: TimingWheel['advance'];
}

/** What takes up where `line` was written down, if it can be. */
function moved(line: Line, entries: number): Line {
  if (!(line instanceof TimingWheel)) return line;
  const other = wheelOf(entries);
  other.add(0, 30);
  other.restore(line.capture());
  return other;
}

/** Either an entry to add, so long from now, with the waits it asks for when it has run; or time that passes. */
const step = fc.oneof(
  fc.record({
    waitMs: fc.oneof(fc.integer({ min: -50, max: 400 }), fc.integer({ min: 0, max: 2_000 })),
    thenMs: fc.array(fc.integer({ min: 0, max: 900 }), { maxLength: 3 }),
  }),
  fc.record({ passMs: fc.integer({ min: 0, max: 350 }) }),
  // Goes on in another wheel.
  fc.record({ isMoved: fc.constant(true) }),
);

test.prop([fc.array(step, { maxLength: 120 })])(
  'runs what a sorted list would run, in that order, nothing lost or twice',
  (steps) => {
    const play = (first: Line): string[] => {
      let line = first;
      const ran: string[] = [];
      const plans: number[][] = [];
      let nowMs = 0;
      const run = (entry: number, atMs: number): void => {
        ran.push(`${entry} at ${atMs}`);
        const waitMs = plans[entry]?.shift();
        if (waitMs !== undefined) line.add(entry, atMs + waitMs);
      };
      for (const one of steps) {
        if ('isMoved' in one) line = moved(line, steps.length);
        else if ('passMs' in one) {
          nowMs += one.passMs;
          line.advance(nowMs, run);
        } else line.add(plans.push([...one.thenMs]) - 1, nowMs + one.waitMs);
      }
      line.advance(nowMs + 50 * TURN_MS, run);
      return ran;
    };
    const ran = play(wheelOf(steps.length));
    expect(ran).toEqual(play(new SortedList()));
    const asked = steps.reduce((sum, one) => sum + ('thenMs' in one ? 1 + one.thenMs.length : 0), 0);
    expect(ran).toHaveLength(asked);
  },
);
