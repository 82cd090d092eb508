import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { NumberIndex } from './number-index.ts';
import { NO_CAMPAIGN, NumberRegistry, STILL_PENDING } from './number-registry.ts';

const KEY = 2_125_550_123;

describe('a number', () => {
  test('that is not registered has no campaign', () => {
    const registry = new NumberRegistry();
    expect([registry.find(KEY, 0), registry.count]).toEqual([NO_CAMPAIGN, 0]);
  });

  test('registered at once is active', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 7, 1000, 1000);
    expect([registry.find(KEY, 1000), registry.count, registry.pendingCount]).toEqual([7, 1, 0]);
    expect(registry.pending(KEY)).toBeUndefined();
  });

  test('registered for later is pending until that moment, settled or not', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 7, 2000, 1000);
    expect([registry.find(KEY, 1999), registry.find(KEY, 2000), registry.count]).toEqual([STILL_PENDING, 7, 1]);
    expect(registry.pending(KEY)).toEqual({ campaign: 7, activeAtMs: 2000 });
    expect(registry.settle(1999)).toBe(0);
    expect(registry.settle(2000)).toBe(1);
    expect([registry.find(KEY, 2000), registry.pendingCount, registry.count]).toEqual([7, 0, 1]);
  });

  test('registered again loses what it had, active or pending', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 1, 0, 0);
    registry.register(KEY, 2, 500, 100);
    expect([registry.find(KEY, 100), registry.count]).toEqual([STILL_PENDING, 1]);
    registry.register(KEY, 3, 900, 200);
    expect([registry.find(KEY, 500), registry.find(KEY, 900), registry.count]).toEqual([STILL_PENDING, 3, 1]);
    registry.register(KEY, 4, 300, 300);
    expect([registry.find(KEY, 300), registry.pendingCount, registry.count]).toEqual([4, 0, 1]);
  });

  test('unregistered leaves nothing behind, active or pending', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 1, 0, 0);
    registry.register(KEY + 1, 1, 500, 0);
    expect([registry.unregister(KEY), registry.unregister(KEY + 1)]).toEqual([true, true]);
    expect([registry.find(KEY, 999), registry.find(KEY + 1, 999), registry.pending(KEY + 1), registry.count]).toEqual([
      NO_CAMPAIGN,
      NO_CAMPAIGN,
      undefined,
      0,
    ]);
    expect([registry.unregister(KEY), registry.unregister(KEY + 1), registry.settle(Infinity)]).toEqual([
      false,
      false,
      0,
    ]);
  });

  test.each([
    ['a key out of range', 1, 7, 0, 0],
    ['a key out of range, pending', 1, 7, 10, 0],
    ['a fraction for a key', KEY + 0.5, 7, 10, 0],
    ['a campaign out of range', KEY, -1, 0, 0],
    ['a campaign out of range, pending', KEY, 2 ** 22, 10, 0],
    ['no moment', KEY, 7, Number.NaN, 0],
    ['no present', KEY, 7, 0, Number.NaN],
  ])('with %s is refused and changes nothing', (_what, key, campaign, activeAtMs, nowMs) => {
    const registry = new NumberRegistry();
    registry.register(KEY, 3, 0, 0);
    expect(() => registry.register(key, campaign, activeAtMs, nowMs)).toThrow(RangeError);
    expect([registry.find(KEY, 0), registry.count, registry.pendingCount]).toEqual([3, 1, 0]);
  });
});

test('more numbers can be pending than there is room for at first', () => {
  const registry = new NumberRegistry({ capacity: 1000 });
  for (let i = 0; i < 5000; i++) registry.register(KEY + i, i, 1000 + (i % 10), 0);
  expect([registry.pendingCount, registry.settle(1004), registry.pendingCount]).toEqual([5000, 2500, 2500]);
  const answers = Array.from({ length: 5000 }, (_, i) => registry.find(KEY + i, 1004));
  expect(answers).toEqual(answers.map((_, i) => (i % 10 <= 4 ? i : STILL_PENDING)));
  expect(registry.settle(1009)).toBe(2500);
});

describe('all numbers', () => {
  test('are visited, the active and the pending apart', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 1, 0, 0);
    registry.register(KEY + 1, 2, 500, 0);
    registry.register(KEY + 2, 3, 600, 0);
    const active: number[][] = [];
    const pending: number[][] = [];
    registry.forEachActive((...one) => active.push(one));
    registry.forEachPending((...one) => pending.push(one));
    expect(active).toEqual([[KEY, 1]]);
    expect(pending).toEqual([
      [KEY + 1, 2, 500],
      [KEY + 2, 3, 600],
    ]);
  });

  test('can be replaced by those of another registry', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 1, 0, 0);
    registry.register(KEY + 1, 1, 100, 0);
    const other = new NumberRegistry();
    other.register(KEY + 1, 2, 0, 0);
    other.register(KEY + 2, 3, 500, 0);
    registry.adopt(other);
    const answers = [0, 1, 2].map((i) => registry.find(KEY + i, 0));
    expect(answers).toEqual([NO_CAMPAIGN, 2, STILL_PENDING]);
    expect([registry.count, registry.pendingCount, registry.settle(499), registry.settle(500)]).toEqual([2, 1, 0, 1]);
    registry.register(KEY + 3, 4, 900, 600);
    expect([registry.find(KEY + 2, 600), registry.find(KEY + 3, 900)]).toEqual([3, 4]);
  });

  test('have room once it is reserved', () => {
    const registry = new NumberRegistry({ shared: true });
    registry.register(KEY, 1, 0, 0);
    registry.reserve(1_000_000);
    expect(registry.index.capacity).toBeGreaterThanOrEqual(1_000_000);
    expect(registry.index.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(registry.find(KEY, 0)).toBe(1);
  });
});

describe('nothing remains in memory', () => {
  /** Every buffer that can be reached from an object. */
  function buffersIn(start: object): Set<ArrayBufferLike> {
    const buffers = new Set<ArrayBufferLike>();
    const seen = new Set<object>();
    const open: object[] = [start];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (seen.has(one)) continue;
      seen.add(one);
      if (ArrayBuffer.isView(one)) buffers.add(one.buffer);
      else for (const value of Object.values(one)) if (typeof value === 'object' && value !== null) open.push(value);
    }
    return buffers;
  }

  /** Whether a number is in plain sight in some buffer, or in the buckets of some index. */
  function isSomewhere(key: number, registry: NumberRegistry): boolean {
    const asDouble = Buffer.from(Float64Array.of(key).buffer);
    return [...buffersIn(registry)].some((buffer) => {
      if (Buffer.from(buffer).includes(asDouble)) return true;
      if (buffer.byteLength < 2 ** 21) return false;
      return NumberIndex.attach(buffer).get(key) >= 0;
    });
  }

  test.each<[string, (registry: NumberRegistry) => unknown]>([
    ['removed', (registry) => [KEY, KEY + 1, KEY + 2].map((key) => registry.unregister(key))],
    ['replaced', (registry) => registry.adopt(new NumberRegistry())],
  ])('of numbers that were %s', (_what, forget) => {
    const registry = new NumberRegistry();
    registry.register(KEY, 1, 0, 0);
    registry.register(KEY + 1, 1, 500, 0);
    registry.register(KEY + 2, 1, 500, 0);
    expect([KEY, KEY + 1, KEY + 2].map((key) => isSomewhere(key, registry))).toEqual([true, true, true]);
    forget(registry);
    expect([KEY, KEY + 1, KEY + 2].map((key) => isSomewhere(key, registry))).toEqual([false, false, false]);
  });

  test('of a wait that is over, when the number is active', () => {
    const registry = new NumberRegistry();
    registry.register(KEY, 1, 500, 0);
    registry.settle(500);
    const asDouble = Buffer.from(Float64Array.of(KEY).buffer);
    expect([...buffersIn(registry)].some((buffer) => Buffer.from(buffer).includes(asDouble))).toBe(false);
  });
});

describe('against a Map of registrations', () => {
  const key = fc.nat({ max: 12 }).map((n) => KEY + n);
  const command = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ key, campaign: fc.nat({ max: 99 }), delayMs: fc.integer({ min: -5, max: 40 }) }),
    },
    { weight: 2, arbitrary: fc.record({ key }) },
    { weight: 2, arbitrary: fc.record({ settle: fc.boolean() }) },
  );

  propertyTest.prop([fc.array(fc.tuple(command, fc.nat({ max: 15 })), { maxLength: 40 })], { numRuns: 200 })(
    'any registrations, removals and settlements as time passes give the same answers',
    (steps) => {
      const registry = new NumberRegistry();
      const model = new Map<number, { campaign: number; activeAtMs: number }>();
      let nowMs = 0;
      for (const [step, passedMs] of steps) {
        nowMs += passedMs;
        if ('campaign' in step) {
          registry.register(step.key, step.campaign, nowMs + step.delayMs, nowMs);
          model.set(step.key, { campaign: step.campaign, activeAtMs: nowMs + step.delayMs });
        } else if ('key' in step) expect(registry.unregister(step.key)).toBe(model.delete(step.key));
        else if (step.settle) registry.settle(nowMs);
        expect(registry.count).toBe(model.size);
        for (let one = KEY; one <= KEY + 12; one++) {
          const found = model.get(one);
          const expected =
            found === undefined ? NO_CAMPAIGN : found.activeAtMs <= nowMs ? found.campaign : STILL_PENDING;
          expect(registry.find(one, nowMs)).toBe(expected);
        }
      }
      registry.settle(nowMs);
      expect(registry.pendingCount).toBe([...model.values()].filter(({ activeAtMs }) => activeAtMs > nowMs).length);
    },
  );
});
