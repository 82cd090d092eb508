import { afterEach, expect, test } from 'vitest';
import {
  WEBHOOK_BREAKER_FAILURES,
  WEBHOOK_BREAKER_OPEN_MS,
  WEBHOOK_HELD_BACK_MS_MAX,
  WEBHOOK_HELD_LOOK_MS,
  WEBHOOK_HOST_HELD_MAX,
} from '../limits.ts';
import { HostGates } from './host-gate.ts';

const HOST = 'dead:1';
const START_MS = 1_700_000_000_000;
let nowMs = START_MS;
let gates: HostGates;
afterEach(() => gates.close());

/** Gates that know of one host whose breaker has just opened. */
function open(): void {
  nowMs = START_MS;
  gates = new HostGates({
    clock: { nowMs: () => nowMs, monotonicNs: () => nowMs * 1e6 },
    machineTimers: { every: () => () => undefined, after: () => () => undefined },
    chance: { next: () => 0.5 },
  });
  for (let failure = 0; failure < WEBHOOK_BREAKER_FAILURES; failure += 1) {
    expect(gates.enter(HOST)).toBe(0);
    gates.leave(HOST, false, 1, 0);
  }
}

const entered = (count: number): number[] => Array.from({ length: count }, () => Number(gates.enter(HOST)));

test('posts are put back one after the other, the first until the breaker may close', () => {
  open();
  expect(gates.isHeld(HOST)).toBe(true);
  expect(entered(3)).toEqual([1, 2, 3].map((turn) => WEBHOOK_BREAKER_OPEN_MS + turn * WEBHOOK_HELD_LOOK_MS));
  nowMs += 1_000;
  expect(entered(1)).toEqual([WEBHOOK_BREAKER_OPEN_MS - 1_000 + 4 * WEBHOOK_HELD_LOOK_MS]);
});

test('however many wait, so many look in a second and no more, and each in its time', () => {
  open();
  const waits = entered(WEBHOOK_HOST_HELD_MAX);
  const bySecond = new Map<number, number>();
  for (const waitMs of waits) {
    const second = Math.floor(waitMs / 1_000);
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
  }
  expect(Math.max(...bySecond.values())).toBeLessThanOrEqual(1_000 / WEBHOOK_HELD_LOOK_MS);
  expect(Math.max(...entered(2 * WEBHOOK_HOST_HELD_MAX))).toBeLessThanOrEqual(
    WEBHOOK_BREAKER_OPEN_MS + WEBHOOK_HELD_BACK_MS_MAX,
  );
});

test('one post tries when the breaker may close; those that come meanwhile are put back; once it arrived, all may go', () => {
  open();
  entered(1_000);
  nowMs += WEBHOOK_BREAKER_OPEN_MS;
  expect(entered(1)).toEqual([0]);
  expect(entered(1)[0]).toBeGreaterThan(1_000 * WEBHOOK_HELD_LOOK_MS - 1);
  gates.leave(HOST, true, 1, 0);
  expect(gates.isHeld(HOST)).toBe(false);
  expect(entered(2)).toEqual([0, 0]);
  // What has no place now waits for one, and not for the looks of others.
  gates.leave(HOST, false, 1_000, 0);
  expect(entered(1)[0]).toBeLessThan(100);
});
