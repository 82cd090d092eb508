import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { afterAll, describe, expect, test } from 'vitest';
import { SnapshotRefused } from './index-buffer.ts';
import { loadSnapshot, saveSnapshot, type Snapshot } from './load-snapshot.ts';
import { NO_CAMPAIGN, NumberRegistry, STILL_PENDING } from './number-registry.ts';

const directory = mkdtempSync(join(tmpdir(), 'tollgate-snapshot-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'registry.snapshot');

const KEY = 2_125_550_123;
const FUTURE_MS = 4_000_000_000_000;

function example(): Snapshot {
  const registry = new NumberRegistry();
  registry.register(KEY, 0, 0, 0);
  registry.register(KEY + 1, 0, FUTURE_MS, 0);
  return { registry, campaignIds: ['CQ4XHZ7'], position: '5-0' };
}

async function refusalOf(bytes: Uint8Array): Promise<string> {
  const damaged = join(directory, 'damaged.snapshot');
  writeFileSync(damaged, bytes);
  try {
    await loadSnapshot(damaged);
  } catch (error) {
    if (error instanceof SnapshotRefused) return error.reason;
    throw error;
  }
  return 'accepted';
}

describe('a snapshot', () => {
  test('has the layout of the worked example', async () => {
    await saveSnapshot(path, example());
    const bytes = readFileSync(path);
    const words = new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    expect(bytes.length).toBe(2_097_312);
    expect(bytes.toString('latin1', 0, 4)).toBe('TGRS');
    expect([...words.subarray(1, 8)]).toEqual([1, 1, 8, 3, 1, 2_097_200, 0]);
    expect(bytes.toString('latin1', 48, 80)).toBe(`CQ4XHZ7\n${'\0'.repeat(8)}5-0${'\0'.repeat(13)}`);
    expect(bytes.toString('latin1', 80, 84)).toBe('TGNI');
    expect([...words.subarray(21, 32)]).toEqual([2, 32_768, 131_072, 1, 0, 0, 0, 0, 0, 0, 0]);
    const pending = new Float64Array(words.buffer.slice(2_097_280));
    expect([...pending]).toEqual([KEY + 1, 0, FUTURE_MS, 0]);
  });

  test('brings back numbers, pending numbers, campaigns and position, shared or not', async () => {
    const registry = new NumberRegistry();
    const campaignIds = Array.from({ length: 100_000 }, (_, handle) => `C${handle.toString(36).padStart(6, '0')}`);
    campaignIds[7] = 'X';
    campaignIds[8] = 'ABCDEFGHIJKLMN-!';
    for (let i = 0; i < 100_000; i++) registry.register(KEY + i * 17, i, 0, 0);
    for (let i = 0; i < 3000; i++) registry.register(KEY + i * 17 + 1, i, FUTURE_MS + i, 0);
    const position = 'ä'.repeat(2048);
    await saveSnapshot(path, { registry, campaignIds, position });
    for (const shared of [false, true]) {
      const progress: number[] = [];
      const loaded = await loadSnapshot(path, {
        shared,
        onProgress: ({ doneBytes, totalBytes }) => progress.push(doneBytes / totalBytes),
      });
      expect(loaded.campaignIds).toEqual(campaignIds);
      expect(loaded.position).toBe(position);
      expect([loaded.registry.count, loaded.registry.pendingCount]).toEqual([103_000, 3000]);
      expect(loaded.registry.index.buffer instanceof SharedArrayBuffer).toBe(shared);
      expect(progress.at(-1)).toBe(1);
      let wrong = 0;
      for (let i = 0; i < 100_000; i++) if (loaded.registry.find(KEY + i * 17, 0) !== i) wrong++;
      for (let i = 0; i < 3000; i++) {
        if (loaded.registry.find(KEY + i * 17 + 1, FUTURE_MS + i - 1) !== STILL_PENDING) wrong++;
        if (loaded.registry.find(KEY + i * 17 + 1, FUTURE_MS + i) !== i) wrong++;
      }
      expect(wrong).toBe(0);
    }
  });

  test('can be of an empty registry, and of one that is growing', async () => {
    await saveSnapshot(path, { registry: new NumberRegistry(), campaignIds: [], position: '' });
    const empty = await loadSnapshot(path);
    expect([empty.registry.count, empty.campaignIds, empty.position]).toEqual([0, [], '']);

    const { registry } = empty;
    const count = registry.index.capacity + 100;
    for (let i = 0; i < count; i++) registry.register(KEY + i * 17, 1, 0, 0);
    await saveSnapshot(path, { registry, campaignIds: ['A', 'B'], position: '' });
    const grown = await loadSnapshot(path);
    for (let i = 0; i < 10_000; i++) grown.registry.register(KEY + i * 17 + 1, 1, 0, 0);
    expect(grown.registry.count).toBe(count + 10_000);
  });

  test('holds nothing of what was removed', async () => {
    const { registry, campaignIds, position } = example();
    registry.unregister(KEY);
    registry.unregister(KEY + 1);
    await saveSnapshot(path, { registry, campaignIds, position });
    const used = readFileSync(path);
    await saveSnapshot(path, { registry: new NumberRegistry(), campaignIds, position });
    expect(Buffer.compare(used, readFileSync(path))).toBe(0);
  });

  test('can be read by its owner alone, and leaves no other file behind', async () => {
    await saveSnapshot(path, example());
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('what cannot be saved', () => {
  test.each<[string, Partial<Snapshot>, RegExp]>([
    ['a campaign without an id', { campaignIds: ['C1', ''] }, /handle 1/],
    ['an id with a line feed', { campaignIds: ['C1\n'] }, /handle 0/],
    ['an id of 17 characters', { campaignIds: ['C'.repeat(17)] }, /handle 0/],
    ['a position of more than 4 KiB', { position: 'ä'.repeat(2049) }, /4098/],
  ])('%s is refused, and the old snapshot stays', async (_what, change, message) => {
    await saveSnapshot(path, example());
    const before = readFileSync(path);
    await expect(saveSnapshot(path, { ...example(), ...change })).rejects.toThrow(message);
    expect(Buffer.compare(before, readFileSync(path))).toBe(0);
  });

  test.each<[string, (registry: NumberRegistry) => unknown]>([
    ['a number is registered', (registry) => registry.register(KEY + 5, 0, 0, 0)],
    ['a number becomes pending', (registry) => registry.register(KEY + 5, 0, FUTURE_MS, 0)],
    ['a pending number gets another moment', (registry) => registry.register(KEY + 1, 0, FUTURE_MS + 1, 0)],
    ['a number is removed', (registry) => registry.unregister(KEY)],
    ['a pending number is settled', (registry) => registry.settle(FUTURE_MS)],
    ['room is made', (registry) => registry.reserve(1_000_000)],
    ['another registry is adopted', (registry) => registry.adopt(new NumberRegistry())],
  ])('a registry in which %s meanwhile is refused, and the old snapshot stays', async (_what, change) => {
    await saveSnapshot(path, example());
    const before = readFileSync(path);
    const snapshot = example();
    const saving = saveSnapshot(path, snapshot);
    change(snapshot.registry);
    await expect(saving).rejects.toThrow(/changed/);
    expect(Buffer.compare(before, readFileSync(path))).toBe(0);
    expect(readdirSync(directory).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('a file where there is no such directory is what the file system says', async () => {
    await expect(saveSnapshot(join(directory, 'none', 'a'), example())).rejects.toThrow(/ENOENT/);
    await expect(loadSnapshot(join(directory, 'none'))).rejects.toThrow(/ENOENT/);
  });
});

describe('a file', async () => {
  const whole = join(directory, 'whole.snapshot');
  await saveSnapshot(whole, example());
  const good = readFileSync(whole);

  function changed(change: (bytes: Buffer, words: Uint32Array) => unknown): Uint8Array {
    const bytes = Buffer.from(good);
    change(bytes, new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
    return bytes;
  }

  test.each<[string, Uint8Array, string]>([
    ['nothing in it', new Uint8Array(0), 'not_a_snapshot'],
    ['a cut header', good.subarray(0, 40), 'not_a_snapshot'],
    ['another beginning', changed((bytes) => (bytes[0] = 0)), 'not_a_snapshot'],
    ['the other byte order', changed((bytes) => bytes.swap32()), 'other_byte_order'],
    ['another version', changed((_, words) => (words[1] = 2)), 'other_version'],
    ['more campaigns than there are handles', changed((_, words) => (words[2] = 2 ** 22 + 1)), 'impossible_counts'],
    ['ids too short for the campaigns', changed((_, words) => (words[2] = 5)), 'impossible_counts'],
    ['ids too long for the campaigns', changed((_, words) => (words[3] = 18)), 'impossible_counts'],
    ['a position that is too long', changed((_, words) => (words[4] = 4097)), 'impossible_counts'],
    ['pending numbers without end', changed((_, words) => (words[5] = 0xffffffff)), 'wrong_length'],
    ['an index without end', changed((_, words) => (words[6] = 0xfffffff0)), 'wrong_length'],
    ['half a bucket', changed((_, words) => (words[6]! -= 8)), 'impossible_counts'],
    ['a missing byte', good.subarray(0, -1), 'wrong_length'],
    ['a byte too many', Buffer.concat([good, Buffer.of(0)]), 'wrong_length'],
    ['another digest', changed((_, words) => (words[8]! ^= 1)), 'damaged'],
    ['another campaign id', changed((bytes) => (bytes[49]! ^= 1)), 'damaged'],
    ['something after the position', changed((bytes) => (bytes[79] = 1)), 'damaged'],
    ['another version of the index', changed((_, words) => (words[21] = 1)), 'damaged'],
  ])('with %s is refused', async (_what, bytes, reason) => {
    expect(await refusalOf(bytes)).toBe(reason);
  });

  propertyTest.prop([fc.nat({ max: good.length - 1 })], { numRuns: 40 })('cut anywhere is refused', async (length) => {
    expect(['not_a_snapshot', 'wrong_length']).toContain(await refusalOf(good.subarray(0, length)));
  });

  /** Anywhere, with the parts that are not the index as likely as the index. */
  const anywhere = fc.oneof(
    fc.nat({ max: good.length - 1 }),
    fc.nat({ max: 127 }).map((at) => (at - 32 + good.length) % good.length),
  );

  propertyTest.prop([anywhere, fc.integer({ min: 1, max: 255 })], { numRuns: 60 })(
    'with any one byte changed is refused',
    async (at, flip) => {
      expect(await refusalOf(changed((bytes) => (bytes[at]! ^= flip)))).not.toBe('accepted');
    },
  );

  propertyTest.prop([fc.uint8Array({ minLength: 48, maxLength: 200 })], { numRuns: 30 })(
    'of random bytes is refused, with any beginning of ours or without',
    async (bytes) => {
      expect(await refusalOf(bytes)).toBe('not_a_snapshot');
      bytes.set(good.subarray(0, 8));
      expect(['impossible_counts', 'wrong_length']).toContain(await refusalOf(bytes));
    },
  );
});

describe('a file with blocks that changed places', async () => {
  const registry = new NumberRegistry();
  for (let i = 0; i < 300_000; i++) registry.register(KEY + i * 17, i, 0, 0);
  const whole = join(directory, 'full.snapshot');
  await saveSnapshot(whole, { registry, campaignIds: ['A'], position: '1' });
  const good = readFileSync(whole);

  const block = fc.nat({ max: 32_767 });
  propertyTest.prop([block, block, fc.constantFrom(16, 64)], { numRuns: 30 })('is refused', async (a, b, size) => {
    fc.pre(a !== b);
    const bytes = Buffer.from(good);
    const [from, to] = [128 + a * 64, 128 + b * 64];
    bytes.set(good.subarray(from, from + size), to);
    bytes.set(good.subarray(to, to + size), from);
    expect(await refusalOf(bytes)).toBe(Buffer.compare(bytes, good) === 0 ? 'accepted' : 'damaged');
  });
});

describe('a file whose digest is right', () => {
  test('is refused if its parts contradict each other', async () => {
    const twice = new NumberRegistry();
    twice.register(KEY, 0, FUTURE_MS, 0);
    twice.index.set(KEY, 0);
    await saveSnapshot(path, { ...example(), registry: twice });
    await expect(loadSnapshot(path)).rejects.toThrow(SnapshotRefused);

    const miscounted = new NumberRegistry();
    new Int32Array(miscounted.index.buffer)[4] = 1;
    await saveSnapshot(path, { ...example(), registry: miscounted });
    await expect(loadSnapshot(path)).rejects.toThrow(/counts/);
  });

  test('is the same whether readers watch the registry or not, and loaded for them or not', async () => {
    const registry = new NumberRegistry({ shared: true });
    const unwatched = new NumberRegistry();
    for (let i = 0; i < 100; i++) {
      registry.register(KEY + i, i, 0, 0);
      unwatched.register(KEY + i, i, 0, 0);
    }
    await saveSnapshot(path, { registry: unwatched, campaignIds: [], position: '' });
    const expected = readFileSync(path);
    await saveSnapshot(path, { registry, campaignIds: [], position: '' });
    expect(Buffer.compare(readFileSync(path), expected)).toBe(0);
    const loaded = await loadSnapshot(path, { shared: true });
    expect([loaded.registry.find(KEY + 99, 0), loaded.registry.find(KEY + 100, 0)]).toEqual([99, NO_CAMPAIGN]);
  });
});
