import { fc, test as propertyTest } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { SnapshotRefused } from './index-buffer.ts';
import { HANDLE_MAX, KEY_MAX, KEY_MIN, NumberIndex } from './number-index.ts';

/** A fixed sequence of random-looking integers below 2^32, so that every run is the same. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return (x ^ (x >>> 14)) >>> 0;
  };
}

function randomKey(next: () => number): number {
  return KEY_MIN + Math.floor((next() / 2 ** 32) * 80_000) * 100_000 + (next() % 100_000);
}

function contentsOf(index: NumberIndex): Map<number, number> {
  const contents = new Map<number, number>();
  index.forEach((key, handle) => contents.set(key, handle));
  return contents;
}

describe('one number', () => {
  test('is found with the handle it was given last, and not at all once deleted', () => {
    const index = NumberIndex.withCapacity(0);
    expect(index.get(2_125_550_123)).toBe(-1);
    expect(index.set(2_125_550_123, 7)).toBe(true);
    expect(index.set(2_125_550_123, 8)).toBe(false);
    expect([index.get(2_125_550_123), index.size]).toEqual([8, 1]);
    expect(index.delete(2_125_550_123)).toBe(true);
    expect(index.delete(2_125_550_123)).toBe(false);
    expect([index.get(2_125_550_123), index.size]).toEqual([-1, 0]);
  });

  test('can be the lowest, the highest and any beside the middle, with the lowest or highest handle', () => {
    const index = NumberIndex.withCapacity(0);
    const keys = [KEY_MIN, KEY_MIN + 1, KEY_MIN + 2 ** 32 - 1, KEY_MIN + 2 ** 32, KEY_MAX - 1, KEY_MAX];
    keys.forEach((key, i) => index.set(key, i % 2 === 0 ? HANDLE_MAX : 0));
    expect(keys.map((key) => index.get(key))).toEqual([HANDLE_MAX, 0, HANDLE_MAX, 0, HANDLE_MAX, 0]);
    expect([...contentsOf(index).keys()].sort((a, b) => a - b)).toEqual(keys);
  });

  test('is stored as the worked example says', () => {
    const index = NumberIndex.withCapacity(0);
    index.set(2_125_550_123, 7);
    const bucket = new Uint32Array(index.buffer, 48 + 12_295 * 64, 16);
    expect([bucket[0], bucket[1], bucket[12]]).toEqual([0x10000000, 0x1d52, 0xac000000]);
  });
});

describe('what is not a key or a handle', () => {
  const index = NumberIndex.withCapacity(0);

  test.each([KEY_MIN - 1, KEY_MAX + 1, 0, -1, Number.NaN, Infinity])('%s is no key', (key) => {
    expect(() => index.get(key)).toThrow(RangeError);
    expect(() => index.set(key, 1)).toThrow(RangeError);
    expect(() => index.delete(key)).toThrow(RangeError);
    expect(() => index.getMany(Float64Array.of(KEY_MIN, key), new Int32Array(2))).toThrow(RangeError);
  });

  test('a fraction is no key to set or delete', () => {
    expect(() => index.set(KEY_MIN + 0.5, 1)).toThrow(RangeError);
    expect(() => index.delete(KEY_MIN + 0.5)).toThrow(RangeError);
  });

  test.each([-1, HANDLE_MAX + 1, 1.5, Number.NaN])('%s is no handle', (handle) => {
    expect(() => index.set(KEY_MIN, handle)).toThrow(RangeError);
    expect(index.size).toBe(0);
  });

  test('room for fewer than none, or for more than memory allows, is refused', () => {
    for (const count of [-1, Number.NaN, 400_000_000])
      expect(() => NumberIndex.withCapacity(count)).toThrow(RangeError);
  });

  test('arrays shorter than the count are refused', () => {
    expect(() => index.getMany(new Float64Array(2), new Int32Array(1))).toThrow(RangeError);
    expect(() => index.getMany(new Float64Array(2), new Int32Array(9), 3)).toThrow(RangeError);
  });
});

describe('against a Map', () => {
  /** Few enough keys that commands meet, from all over the range. */
  const key = fc.nat({ max: 300 }).map((n) => KEY_MIN + ((n * 26_666_667) % 8_000_000_000));
  const command = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('set' as const), key, handle: fc.nat({ max: HANDLE_MAX }) }),
    },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('grow', 'restore', 'clear') }) },
  );

  propertyTest.prop([fc.array(command, { maxLength: 60 })], { numRuns: 60 })(
    'any inserts, updates, deletes, growth and restores give the same answers',
    (commands) => {
      let index = NumberIndex.withCapacity(0);
      const model = new Map<number, number>();
      for (const step of commands) {
        if (step.kind === 'set' && 'handle' in step) {
          expect(index.set(step.key, step.handle)).toBe(!model.has(step.key));
          model.set(step.key, step.handle);
        } else if (step.kind === 'delete' && 'key' in step) expect(index.delete(step.key)).toBe(model.delete(step.key));
        else if (step.kind === 'grow') index.reserve(index.capacity + 1);
        else if (step.kind === 'restore') index = NumberIndex.fromSnapshot(index.snapshot());
        else {
          index.clear();
          model.clear();
        }
      }
      expect(index.size).toBe(model.size);
      expect(contentsOf(index)).toEqual(model);
      for (let n = 0; n <= 300; n++) {
        const one = KEY_MIN + ((n * 26_666_667) % 8_000_000_000);
        expect(index.get(one)).toBe(model.get(one) ?? -1);
      }
    },
  );

  test('turned over ten times while full, it keeps its size, its memory and every answer', () => {
    const count = 353_000;
    const next = sequence(11);
    const index = NumberIndex.withCapacity(count);
    const { sizeBytes } = index;
    /** The nth number ever used, no two alike, and the handle it has now. */
    const keyAt = (n: number): number => KEY_MIN + n * 2053;
    const handles = new Int32Array(count * 11).fill(-1);
    const live = new Int32Array(count);
    for (let n = 0; n < handles.length; n++) {
      const handle = n < count ? n : next() % count;
      if (n >= count) {
        const gone = live[handle]!;
        if (!index.delete(keyAt(gone))) throw new Error(`${keyAt(gone)} was lost`);
        handles[gone] = -1;
      }
      index.set(keyAt(n), handle);
      live[handle] = n;
      handles[n] = handle;
    }
    expect([index.size, index.sizeBytes]).toEqual([count, sizeBytes]);
    expect(index.awayCount / count).toBeLessThan(0.15);
    let wrong = 0;
    for (let n = 0; n < handles.length; n++) if (index.get(keyAt(n)) !== handles[n]) wrong++;
    index.forEach((key, handle) => (wrong += handles[(key - KEY_MIN) / 2053] === handle ? 0 : 1));
    expect(wrong).toBe(0);
  });
});

describe('many at once', () => {
  test.each([0, 1, 63, 64, 65, 1000])('%i numbers get the answers that one by one they get', (count) => {
    const next = sequence(count);
    const index = NumberIndex.withCapacity(0);
    for (let i = 0; i < 350_000; i++) index.set(KEY_MIN + i * 3, i);
    const keys = Float64Array.from({ length: 1000 }, () => KEY_MIN + (next() % 1_050_000));
    const out = new Int32Array(1000).fill(-7);
    index.getMany(keys, out, count);
    expect([...out.subarray(0, count)]).toEqual([...keys.subarray(0, count)].map((key) => index.get(key)));
    expect(out.subarray(count).every((value) => value === -7)).toBe(true);
  });
});

describe('room', () => {
  test.each([
    ['random numbers', (i: number, next: () => number) => randomKey(next) + (i % 2)],
    ['one block after another', (i: number) => 2_125_550_000 + i],
    ['the same place in every block', (i: number) => KEY_MIN + i * 1000],
    ['numbers a power of two apart', (i: number) => KEY_MIN + (i % 60_000) * 131_072 + Math.floor(i / 60_000)],
  ])('%s fill it to what it promised without growing, at no more than 6 bytes each', (_what, keyAt) => {
    const next = sequence(5);
    const index = NumberIndex.withCapacity(400_000);
    const { capacity, sizeBytes } = index;
    expect(capacity).toBeGreaterThanOrEqual(400_000);
    expect(sizeBytes / capacity).toBeLessThan(6);
    for (let i = 0; index.size < capacity; i++) index.set(keyAt(i, next), i & HANDLE_MAX);
    expect([index.capacity, index.sizeBytes]).toEqual([capacity, sizeBytes]);
  });

  test('is made when it runs out, and nothing is lost on the way', () => {
    const index = NumberIndex.withCapacity(0);
    const { capacity } = index;
    const count = capacity * 2;
    for (let i = 0; i < count; i++) index.set(KEY_MIN + i * 7919, i & HANDLE_MAX);
    expect(index.size).toBe(count);
    expect(index.capacity).toBeGreaterThanOrEqual(count);
    let wrong = 0;
    for (let i = 0; i < count; i++) if (index.get(KEY_MIN + i * 7919) !== (i & HANDLE_MAX)) wrong++;
    expect(wrong).toBe(0);
  });

  test('is reserved ahead, never given back, and kept by clear', () => {
    const index = NumberIndex.withCapacity(0);
    index.set(KEY_MIN, 1);
    index.reserve(1_000_000);
    const { capacity } = index;
    expect(capacity).toBeGreaterThanOrEqual(1_000_000);
    index.reserve(10);
    index.clear();
    expect([index.capacity, index.size, index.awayCount, index.get(KEY_MIN)]).toEqual([capacity, 0, 0, -1]);
  });

  test('may not be made by the visitor of a walk', () => {
    const index = NumberIndex.withCapacity(0);
    index.set(KEY_MIN, 1);
    expect(() => index.forEach(() => index.reserve(index.capacity + 1))).toThrow(/walked/);
  });
});

describe('shared', () => {
  test('an index is seen through its buffer by another, and stays shared when it grows', () => {
    const writer = NumberIndex.withCapacity(0, { shared: true });
    const reader = NumberIndex.attach(writer.buffer);
    writer.set(2_125_550_123, 9);
    expect([reader.get(2_125_550_123), reader.size]).toEqual([9, 1]);
    writer.reserve(writer.capacity + 1);
    expect(writer.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(NumberIndex.fromSnapshot(writer.snapshot(), { shared: true }).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  test('a buffer without an index is refused', () => {
    expect(() => NumberIndex.attach(new SharedArrayBuffer(7))).toThrow(SnapshotRefused);
    expect(() => NumberIndex.attach(new SharedArrayBuffer(4096))).toThrow(SnapshotRefused);
  });
});

describe('a snapshot', () => {
  const index = NumberIndex.withCapacity(0);
  for (let i = 0; i < 1000; i++) index.set(KEY_MIN + i * 7_654_321, i);
  const good = index.snapshot();

  function changed(change: (bytes: Uint8Array<ArrayBuffer>, words: Uint32Array) => void): Uint8Array {
    const bytes = good.slice();
    change(bytes, new Uint32Array(bytes.buffer));
    return bytes;
  }

  function refusalOf(bytes: Uint8Array): string {
    try {
      NumberIndex.fromSnapshot(bytes);
    } catch (error) {
      if (error instanceof SnapshotRefused) return error.reason;
      throw error;
    }
    return 'accepted';
  }

  test('is a copy: later changes do not reach it, and it can be restored from any offset in memory', () => {
    const odd = new Uint8Array(good.length + 3).subarray(3);
    odd.set(good);
    const restored = NumberIndex.fromSnapshot(odd);
    restored.set(KEY_MAX, 5);
    expect(index.get(KEY_MAX)).toBe(-1);
    expect(NumberIndex.fromSnapshot(good).size).toBe(1000);
    expect(Buffer.compare(good, index.snapshot())).toBe(0);
  });

  test.each([
    ['nothing', new Uint8Array(0), 'not_a_snapshot'],
    ['a cut header', good.subarray(0, 40), 'not_a_snapshot'],
    ['another magic', changed((bytes) => (bytes[0] = 0)), 'not_a_snapshot'],
    ['another version', changed((_, words) => (words[1] = 2)), 'other_version'],
    ['a missing byte', good.subarray(0, good.length - 1), 'wrong_length'],
    ['a missing bucket', good.subarray(0, good.length - 64), 'wrong_length'],
    ['a byte too many', Buffer.concat([good, Buffer.of(0)]), 'wrong_length'],
    ['buckets that do not match the range', changed((_, words) => (words[2] = 40_000)), 'impossible_counts'],
    ['a range of nothing', changed((_, words) => (words[3] = 0)), 'impossible_counts'],
    ['a range too large', changed((_, words) => (words[3] = 2 ** 18)), 'impossible_counts'],
    ['another size', changed((_, words) => (words[4] = 999)), 'damaged'],
    ['another checksum', changed((_, words) => (words[6]! ^= 1)), 'damaged'],
  ])('with %s is refused', (_what, bytes, reason) => {
    expect(refusalOf(bytes)).toBe(reason);
  });

  test('whose counts contradict each other is refused even if the checksum is right', () => {
    const liar = NumberIndex.withCapacity(0);
    new Uint32Array(liar.buffer)[4] = 1;
    expect(refusalOf(liar.snapshot())).toBe('impossible_counts');
  });

  propertyTest.prop([fc.nat({ max: good.length - 1 }), fc.integer({ min: 1, max: 255 })], { numRuns: 50 })(
    'with any one byte flipped is refused',
    (at, flip) => {
      expect(refusalOf(changed((bytes) => (bytes[at]! ^= flip)))).not.toBe('accepted');
    },
  );

  propertyTest.prop([fc.uint8Array({ maxLength: 200 })])('of random bytes is refused', (bytes) => {
    expect(refusalOf(bytes)).not.toBe('accepted');
  });
});
