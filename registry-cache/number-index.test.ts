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

/** How many numbers the two do not agree on. */
function differences(index: NumberIndex, model: ReadonlyMap<number, number>): number {
  let count = Math.abs(index.size - model.size);
  index.forEach((key, handle) => (count += model.get(key) === handle ? 0 : 1));
  return count;
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
        else if (step.kind === 'restore') index = NumberIndex.restore(index.buffer.slice(0));
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

describe('growing', () => {
  /** Fills the smallest index until it starts to grow. */
  function growing(options: { readonly shared?: boolean } = {}): { index: NumberIndex; model: Map<number, number> } {
    const index = NumberIndex.withCapacity(0, options);
    const model = new Map<number, number>();
    const { buffer } = index;
    for (let i = 0; index.size <= index.capacity; i++) {
      index.set(KEY_MIN + i * 7919, i & HANDLE_MAX);
      model.set(KEY_MIN + i * 7919, i & HANDLE_MAX);
    }
    expect(index.buffer).toBe(buffer);
    expect(index.sizeBytes).toBeGreaterThan(2 * buffer.byteLength);
    return { index, model };
  }

  test('takes thousands of writes of any kind, none of which is lost, and gives the memory back', () => {
    const { index, model } = growing();
    const { buffer } = index;
    const next = sequence(17);
    const keys = [...model.keys()];
    let writes = 0;
    function write(): void {
      writes++;
      const kind = next() % 4;
      if (kind === 0) {
        const key = keys[next() % keys.length]!;
        expect(index.delete(key)).toBe(model.delete(key));
      } else {
        const key = kind === 1 ? keys[next() % keys.length]! : randomKey(next);
        const handle = next() & HANDLE_MAX;
        expect(index.set(key, handle)).toBe(!model.has(key));
        model.set(key, handle);
      }
    }
    while (index.buffer === buffer) write();
    expect(writes).toBeGreaterThan(4000);
    expect(differences(index, model)).toBe(0);
    for (let i = 0; i < 1000; i++) write();
    expect(index.sizeBytes).toBe(index.buffer.byteLength);
    expect(differences(index, model)).toBe(0);
    let wrong = 0;
    for (const key of keys) if (index.get(key) !== (model.get(key) ?? -1)) wrong++;
    expect(wrong).toBe(0);
  });

  test('rests while the index is walked', () => {
    const { index, model } = growing();
    index.forEach((key, handle) => index.set(key, handle ^ 1));
    for (const [key, handle] of model) model.set(key, handle ^ 1);
    expect(differences(index, model)).toBe(0);
  });

  test('is finished or started again by reserve, as needed', () => {
    for (const count of [400_000, 1_000_000]) {
      const { index, model } = growing();
      index.reserve(count);
      expect(index.capacity).toBeGreaterThanOrEqual(count);
      expect(differences(index, model)).toBe(0);
    }
  });

  /** Where the mix of the number index sends nothing but this key: its inverse, for numbers chosen to collide. */
  function keyMixedTo(mixed: number): number {
    let x = mixed | 0;
    x = Math.imul(x ^ (x >>> 15) ^ (x >>> 30), 0x37132227);
    x = Math.imul(x ^ (x >>> 15) ^ (x >>> 30), 0x333c4925);
    return KEY_MIN + ((x ^ (x >>> 16)) >>> 0);
  }

  test.each([
    ['an empty index', 3150, () => ({ index: NumberIndex.withCapacity(0), model: new Map<number, number>() })],
    ['one that is growing', 1500, growing],
  ])('is done at once for numbers chosen to crowd one place of %s', (_what, count, start) => {
    const { index, model } = start();
    const { buffer } = index;
    for (let i = 0; i < count; i++) {
      index.set(keyMixedTo(i * 41), i);
      model.set(keyMixedTo(i * 41), i);
    }
    expect(index.buffer).not.toBe(buffer);
    expect(differences(index, model)).toBe(0);
  });

  test('says where it has moved to', () => {
    const { index } = growing({ shared: true });
    const { buffer } = index;
    const told: ArrayBufferLike[] = [];
    index.onMove = (moved) => told.push(moved);
    index.reserve(400_000);
    expect(told).toEqual([index.buffer]);
    expect(index.buffer).not.toBe(buffer);
    expect(index.buffer).toBeInstanceOf(SharedArrayBuffer);
  });
});

describe('taking over another index', () => {
  test('answers from the new content at once, growing or not', () => {
    const index = NumberIndex.withCapacity(0);
    index.set(KEY_MIN, 1);
    const other = NumberIndex.withCapacity(0);
    const count = other.capacity + 10;
    for (let i = 1; i <= count; i++) other.set(KEY_MIN + i, i & HANDLE_MAX);
    const { buffer } = other;
    index.adopt(other);
    expect([index.get(KEY_MIN), index.get(KEY_MIN + 1), index.size, index.buffer]).toEqual([-1, 1, count, buffer]);
    for (let i = 1; i <= 10_000; i++) index.set(KEY_MAX - i, i);
    expect(index.size).toBe(count + 10_000);
    let wrong = 0;
    for (let i = 1; i <= count; i++) if (index.get(KEY_MIN + i) !== (i & HANDLE_MAX)) wrong++;
    expect(wrong).toBe(0);
  });

  test('is refused if one is shared and the other is not', () => {
    const shared = NumberIndex.withCapacity(0, { shared: true });
    expect(() => shared.adopt(NumberIndex.withCapacity(0))).toThrow(/shared/);
  });
});

describe('nothing remains', () => {
  /** Lanes of a buffer that say nothing lives there, but are not all zeros. */
  function stainedLanes(buffer: ArrayBufferLike): number {
    const words = new Uint32Array(buffer, 48);
    let stained = 0;
    for (let base = 0; base < words.length; base += 16) {
      for (let lane = 1; lane < 16; lane++) {
        if (lane % 4 === 0 || ((words[base]! >>> (30 - 2 * lane)) & 3) !== 0) continue;
        const tag = (words[base + 16 - 4 * (lane % 4)]! >>> (24 - 8 * Math.floor(lane / 4))) & 0xff;
        if (words[base + lane] !== 0 || tag !== 0) stained++;
      }
    }
    return stained;
  }

  test('of the number of the worked example once it is deleted', () => {
    const index = NumberIndex.withCapacity(0);
    index.set(2_125_550_123, 7);
    index.delete(2_125_550_123);
    expect(new Uint32Array(index.buffer, 48).some((word) => word !== 0)).toBe(false);
  });

  test('of numbers that were deleted, moved by others or given another handle', () => {
    const next = sequence(23);
    const index = NumberIndex.withCapacity(0);
    const keys: number[] = [];
    while (index.size < index.capacity) if (index.set((keys[keys.length] = randomKey(next)), 1) === false) keys.pop();
    for (let i = 0; i < 100_000; i++) {
      const at = next() % keys.length;
      index.delete(keys[at]!);
      index.set((keys[at] = randomKey(next)), 2);
    }
    expect(stainedLanes(index.buffer)).toBe(0);
    for (const key of keys) index.delete(key);
    expect(index.size).toBe(0);
    expect(stainedLanes(index.buffer)).toBe(0);
  });

  test('of what was there before clear', () => {
    const index = NumberIndex.withCapacity(0);
    for (let i = 0; i < 1000; i++) index.set(KEY_MIN + i, i);
    index.clear();
    expect(new Uint32Array(index.buffer, 48).some((word) => word !== 0)).toBe(false);
  });

  test('in the smaller buffer after growing: what is removed goes at once, everything else soon', () => {
    const index = NumberIndex.withCapacity(0);
    const { buffer } = index;
    let count = 0;
    while (index.buffer === buffer) index.set(KEY_MIN + count++ * 7919, 3);
    const left = NumberIndex.attach(buffer);
    expect(contentsOf(left).size).toBe(count);
    for (let i = 100; i < 200; i++) index.delete(KEY_MIN + i * 7919);
    for (let i = 200; i < 300; i++) index.set(KEY_MIN + i * 7919, 4);
    const remaining = contentsOf(left);
    expect(remaining.size).toBeGreaterThan(0);
    for (let i = 100; i < 300; i++) expect(remaining.has(KEY_MIN + i * 7919)).toBe(false);
    expect(stainedLanes(buffer)).toBe(0);
    for (let i = 0; i < 512; i++) index.set(KEY_MIN, 3);
    expect(new Uint32Array(buffer, 48).some((word) => word !== 0)).toBe(false);
  });

  test('in the buffer that was there before another was adopted', () => {
    const index = NumberIndex.withCapacity(0);
    for (let i = 0; i < 1000; i++) index.set(KEY_MIN + i, i);
    const { buffer } = index;
    index.adopt(NumberIndex.withCapacity(0));
    expect(new Uint32Array(buffer, 48).some((word) => word !== 0)).toBe(false);
  });
});

describe('a buffer from elsewhere', () => {
  const index = NumberIndex.withCapacity(0);
  for (let i = 0; i < 1000; i++) index.set(KEY_MIN + i * 7_654_321, i);

  function refusalOf(buffer: ArrayBufferLike): string {
    try {
      NumberIndex.restore(buffer);
    } catch (error) {
      if (error instanceof SnapshotRefused) return error.reason;
      throw error;
    }
    return 'accepted';
  }

  test('is an index if it was one', () => {
    expect(contentsOf(NumberIndex.restore(index.buffer.slice(0)))).toEqual(contentsOf(index));
  });

  test.each<[string, (words: Uint32Array) => unknown, string]>([
    ['another magic', (words) => (words[0] = 0), 'not_a_snapshot'],
    ['another version', (words) => (words[1] = 1), 'other_version'],
    ['buckets that do not match the range', (words) => (words[2] = 40_000), 'impossible_counts'],
    ['a range of nothing', (words) => (words[3] = 0), 'impossible_counts'],
    ['a range too large', (words) => (words[3] = 2 ** 18), 'impossible_counts'],
    ['another size', (words) => (words[4] = 999), 'impossible_counts'],
  ])('with %s is refused', (_what, change, reason) => {
    const buffer = index.buffer.slice(0);
    change(new Uint32Array(buffer));
    expect(refusalOf(buffer)).toBe(reason);
  });

  test('of another length is refused', () => {
    expect(refusalOf(new ArrayBuffer(7))).toBe('not_a_snapshot');
    expect(refusalOf(index.buffer.slice(0, -64))).toBe('wrong_length');
  });
});

describe('many numbers at once', () => {
  const count = 353_000;
  const next = sequence(5);
  const index = NumberIndex.withCapacity(count);
  while (index.size < count) index.set(randomKey(next), next() % (HANDLE_MAX + 1));
  const present: number[] = [];
  index.forEach((key) => present.push(key));
  const keys = Float64Array.from({ length: 40_000 }, () =>
    next() % 2 === 0 ? randomKey(next) : present[next() % present.length]!,
  );

  test.each([0, 1, 2, 3, 4, 5, 255, 256, 257, 259, 511, 512, 513, 40_000])(
    '%s of them get the answers they get one by one, and nothing is written past them',
    (asked) => {
      const out = new Int32Array(asked + 1).fill(-7);
      index.getMany(keys, out, asked);
      expect(out).toEqual(Int32Array.from([...keys.subarray(0, asked)].map((key) => index.get(key)).concat(-7)));
    },
  );

  test('a smaller index asked after a larger one answers for itself', () => {
    const small = NumberIndex.withCapacity(0);
    small.set(present[0]!, 3);
    const out = new Int32Array(3);
    small.getMany(Float64Array.of(present[0]!, present[1]!, present[2]!), out);
    expect([...out]).toEqual([3, -1, -1]);
  });
});
