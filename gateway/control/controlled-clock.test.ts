import { beforeEach, describe, expect, test } from 'vitest';
import type { Clock, Timers } from '../router/index.ts';
import { ControlledClock } from './controlled-clock.ts';

const START_MS = Date.UTC(2024, 2, 1, 18);
const HOUR_MS = 3_600_000;

/** The machine's time, moved by the test: what runs is what the machine would run. */
class Machine implements Clock, Timers {
  atMs = 1_000_000;
  readonly waiting = new Set<{ dueMs: number; readonly periodMs: number | undefined; readonly run: () => void }>();

  nowMs(): number {
    return this.atMs;
  }

  monotonicNs(): number {
    return this.atMs * 1e6 + 0.3;
  }

  every(periodMs: number, run: () => void): () => void {
    return this.#wait(periodMs, periodMs, run);
  }

  after(delayMs: number, run: () => void): () => void {
    return this.#wait(delayMs, undefined, run);
  }

  pass(ms: number): void {
    const untilMs = this.atMs + ms;
    for (;;) {
      const [next] = [...this.waiting].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.atMs = next.dueMs;
      if (next.periodMs === undefined) this.waiting.delete(next);
      else next.dueMs += next.periodMs;
      next.run();
    }
    this.atMs = untilMs;
  }

  #wait(delayMs: number, periodMs: number | undefined, run: () => void): () => void {
    const timer = { dueMs: this.atMs + delayMs, periodMs, run };
    this.waiting.add(timer);
    return () => this.waiting.delete(timer);
  }
}

let machine: Machine;
let clock: ControlledClock;
let ran: string[];
/** Notes that a timer ran, and how long after the start. */
const note = (name: string) => (): void => void ran.push(`${name} at ${clock.nowMs() - START_MS}`);

beforeEach(() => {
  machine = new Machine();
  clock = new ControlledClock({ clock: machine, timers: machine });
  ran = [];
});

describe('real time', () => {
  test("is the machine's, and so are its timers", () => {
    let count = 0;
    clock.every(10, () => (count += 1));
    clock.after(25, () => (count += 100));
    const callOff = clock.after(26, () => (count += 1_000));
    machine.pass(20);
    callOff();
    expect(count).toBe(2);
    machine.pass(20);
    expect(count).toBe(104);
    expect([clock.nowMs(), clock.aheadMs]).toEqual([machine.atMs, 0]);
    expect(machine.waiting.size).toBe(1);
  });
});

describe('time that stands', () => {
  beforeEach(() => clock.freeze(START_MS));

  test('stands, and no timer runs, whatever passes outside', () => {
    clock.every(10, note('tick'));
    const before = clock.monotonicNs();
    machine.pass(HOUR_MS);
    expect([clock.nowMs(), clock.monotonicNs() - before]).toEqual([START_MS, 0]);
    expect(ran).toEqual([]);
    expect(machine.waiting.size).toBe(0);
  });

  test('runs timers in order of time, then of setting, each at its own moment', async () => {
    clock.after(30, note('late'));
    clock.every(10, note('tick'));
    clock.after(10, note('first'));
    clock.after(10.2, note('fraction'));
    const ns = clock.monotonicNs();
    await clock.moveTo(START_MS + 30);
    expect(ran).toEqual(['tick at 10', 'first at 10', 'fraction at 11', 'tick at 20', 'late at 30', 'tick at 30']);
    expect(clock.monotonicNs() - ns).toBe(30e6);
  });

  test('runs timers that were set before it stood: once, with what was left of their wait; again and again, in step with time', async () => {
    clock.resume();
    machine.pass(5);
    clock.every(10, note('tick'));
    clock.after(21, note('once'));
    machine.pass(14);
    clock.freeze();
    machine.pass(HOUR_MS);
    await clock.moveTo(clock.nowMs() + 20);
    expect(ran).toEqual(['tick at 15', 'tick at 20', 'once at 26', 'tick at 30']);
  });

  test('runs what timers set in turn, and not what they call off', async () => {
    clock.after(10, () => {
      note('outer')();
      clock.after(5, note('inner'));
      callOff();
    });
    const callOff = clock.after(12, note('called off'));
    await clock.moveTo(START_MS + 100);
    expect(ran).toEqual(['outer at 10', 'inner at 15']);
    expect(clock.nowMs()).toBe(START_MS + 100);
  });

  test('lets what a timer sets off go on at its moment, over turns of the event loop', async () => {
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    const chain = async (name: string): Promise<void> => {
      for (let count = 0; count < 3; count += 1) {
        await sleep(7);
        await Promise.resolve();
        note(name)();
      }
    };
    const chains = [chain('one'), chain('two')];
    clock.every(10, () => {});
    await clock.moveTo(START_MS + HOUR_MS);
    await Promise.all(chains);
    expect(ran).toEqual([7, 14, 21].flatMap((ms) => [`one at ${ms}`, `two at ${ms}`]));
  });

  test('lets work of a repeating timer go on within a tenth of a second of it', async () => {
    const stop = clock.every(1_000, () => {
      stop();
      setImmediate(note('work'));
    });
    clock.every(10, () => {});
    await clock.moveTo(START_MS + HOUR_MS);
    const [, at] = ran[0]?.split(' at ') ?? [];
    expect(Number(at)).toBeLessThanOrEqual(1_100);
  });

  test('never goes back, and is moved by one at a time', async () => {
    await expect(clock.moveTo(START_MS - 1)).rejects.toThrow('does not go back');
    const moving = clock.moveTo(START_MS + HOUR_MS);
    expect(clock.isMoving).toBe(true);
    await expect(clock.moveTo(START_MS + 2 * HOUR_MS)).rejects.toThrow('moved already');
    await moving;
    expect([clock.isMoving, clock.nowMs()]).toEqual([false, START_MS + HOUR_MS]);
    clock.resume();
    await expect(clock.moveTo(START_MS + 2 * HOUR_MS)).rejects.toThrow('not frozen');
  });

  test('stays where a timer threw, which is told, and can be moved on', async () => {
    clock.after(10, () => {
      throw new Error('broken');
    });
    clock.after(20, note('next'));
    await expect(clock.moveTo(START_MS + 50)).rejects.toThrow('broken');
    expect(clock.nowMs()).toBe(START_MS + 10);
    await clock.moveTo(START_MS + 50);
    expect(ran).toEqual(['next at 20']);
  });

  test('a day of a tick every 10 ms takes seconds', async () => {
    let ticks = 0;
    clock.every(10, () => (ticks += 1));
    const startNs = process.hrtime.bigint();
    await clock.moveTo(START_MS + 24 * HOUR_MS);
    expect(ticks).toBe(8_640_000);
    expect(Number(process.hrtime.bigint() - startNs) / 1e9).toBeLessThan(20);
  });
});

describe('time that passes again', () => {
  test('goes on from where it stood, ahead of the machine, and its timers with it', async () => {
    clock.freeze();
    const startMs = clock.nowMs();
    const times: number[] = [];
    clock.every(100, () => times.push(clock.nowMs() - startMs));
    clock.after(HOUR_MS + 70, () => times.push(-1));
    await clock.moveTo(startMs + HOUR_MS + 50);
    times.length = 0;
    const ns = clock.monotonicNs();
    clock.resume();
    expect([clock.nowMs(), clock.aheadMs]).toEqual([startMs + HOUR_MS + 50, HOUR_MS + 50]);
    expect(clock.monotonicNs()).toBeCloseTo(ns, -2);
    machine.pass(260);
    expect(times).toEqual([-1, HOUR_MS + 100, HOUR_MS + 200, HOUR_MS + 300]);
  });

  test('ends a move under way, where that is', async () => {
    clock.freeze(START_MS);
    clock.every(10, () => {});
    const moving = clock.moveTo(START_MS + HOUR_MS);
    clock.resume();
    await moving;
    expect(clock.nowMs()).toBeLessThan(START_MS + HOUR_MS);
    expect(clock.isFrozen).toBe(false);
  });
});

describe('a state', () => {
  test('of time that stood stands there again, and timers wait as long as before', async () => {
    clock.freeze(START_MS);
    const state = clock.capture();
    await clock.moveTo(START_MS + 1_000);
    clock.after(30, note('timer'));
    clock.restore(state);
    expect([clock.nowMs(), clock.monotonicNs(), clock.isFrozen]).toEqual([START_MS, state.monotonicNs, true]);
    await clock.moveTo(START_MS + 100);
    expect(ran).toEqual(['timer at 30']);
  });

  test('has timers that repeat run when they did, however far off their turn was when it was restored', async () => {
    clock.freeze(START_MS);
    clock.every(250, note('tick'));
    await clock.moveTo(START_MS + 100);
    const state = clock.capture();
    await clock.moveTo(START_MS + 1_190);
    ran = [];
    clock.restore(state);
    await clock.moveTo(START_MS + 600);
    expect(ran).toEqual(['tick at 250', 'tick at 500']);
  });

  test('of time that passed goes on with what has passed since, in another process too', () => {
    const state = clock.capture();
    const later = new Machine();
    later.atMs = machine.atMs + HOUR_MS;
    const other = new ControlledClock({ clock: later, timers: later });
    other.freeze(START_MS);
    other.restore(state);
    expect([other.isFrozen, other.nowMs(), other.aheadMs]).toEqual([false, later.atMs, 0]);
    expect(other.monotonicNs() - state.monotonicNs).toBeCloseTo(HOUR_MS * 1e6, -2);
  });

  test.each([undefined, {}, { isFrozen: true, nowMs: Number.NaN, monotonicNs: 1, aheadMs: 0 }])(
    'is not %s',
    (state) => {
      expect(() => clock.restore(state)).toThrow('no state of a clock');
    },
  );
});
