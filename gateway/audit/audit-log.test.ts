import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync, appendFileSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test as forAll, fc } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AuditLog, AuditUnavailable } from './audit-log.ts';
import { readChain } from './read-chain.ts';

const START_MS = Date.UTC(2026, 10, 23);

let directory: string;
let path: string;
let said: string[];
let open: AuditLog[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-audit-'));
  path = join(directory, 'audit.ndjson');
  said = [];
  open = [];
});
afterEach(async () => {
  for (const one of open) await one.close();
  rmSync(directory, { recursive: true });
});

async function opened(): Promise<AuditLog> {
  const say = (fields: object, message: string): void => void said.push(`${message} ${JSON.stringify(fields)}`);
  const clock = { nowMs: () => START_MS };
  const one = await AuditLog.open({ path, clock, log: { warn: say, error: say }, opened: { version: '1' } });
  open.push(one);
  return one;
}
const lines = (): string[] => readFileSync(path, 'utf8').split('\n').slice(0, -1);
const entries = (): Record<string, unknown>[] => lines().map((line) => JSON.parse(line) as Record<string, unknown>);
const change = (place: number) => ({
  who: { user: 'anna', address: '127.0.0.1' },
  what: `PUT /v1/regime ${place}`,
  status: 200,
  before: { place },
  after: { place: place + 1 },
});
const closed = async (one: AuditLog): Promise<void> => {
  open = open.filter((other) => other !== one);
  await one.close();
};

describe('a log', () => {
  test('has a line of each entry, which any tool can check', async () => {
    const log = await opened();
    await log.append(change(1));
    await closed(log);
    expect(entries().map(({ n, what }) => [n, what])).toEqual([
      [1, 'opened'],
      [2, 'PUT /v1/regime 1'],
      [3, 'closed'],
    ]);
    expect(entries()[1]).toMatchObject({ ...change(1), at: '2026-11-23T00:00:00.000Z' });
    let prev = '0'.repeat(64);
    for (const line of lines()) {
      const { hash, ...rest } = JSON.parse(line) as { hash: string; prev: string };
      expect(rest.prev).toBe(prev);
      const without = line.replace(/,"hash":"[0-9a-f]{64}"\}$/, '}');
      expect(createHash('sha256').update(without).digest('hex')).toBe(hash);
      prev = hash;
    }
    expect(statSync(path).mode & 0o077).toBe(0);
  });

  test('goes on where an earlier run ended', async () => {
    for (let run = 0; run < 3; run += 1) {
      const log = await opened();
      await log.append(change(run));
      expect(log.entryCount).toBe(2);
      await closed(log);
    }
    expect(entries().map(({ n }) => n)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await readChain(path)).toMatchObject({ isWhole: true, torn: '', end: { count: 9 } });
    expect(said).toEqual([]);
  });

  test('keeps entries in order that come at once', async () => {
    const log = await opened();
    await Promise.all(Array.from({ length: 200 }, (_, place) => log.append(change(place))));
    expect(entries().map(({ what }) => what)).toEqual([
      'opened',
      ...Array.from({ length: 200 }, (_, at) => change(at).what),
    ]);
    expect(await readChain(path)).toMatchObject({ isWhole: true, end: log.end });
  });

  test('takes out what is left of a line, says so and keeps it', async () => {
    await closed(await opened());
    appendFileSync(path, '{"n":3,"prev":"ab');
    expect(await readChain(path)).toMatchObject({ isWhole: true, torn: '{"n":3,"prev":"ab' });
    await opened();
    expect(entries()[2]).toMatchObject({ what: 'opened', after: { version: '1', torn: '{"n":3,"prev":"ab' } });
    expect(await readChain(path)).toMatchObject({ isWhole: true, torn: '' });
    expect(said).toEqual([expect.stringContaining('"line":3')]);
  });

  forAll.prop([fc.nat()], { numRuns: 30 })('goes on wherever its writer was killed', async (at) => {
    rmSync(path, { force: true });
    const log = await opened();
    await log.append(change(1));
    await closed(log);
    const bytes = readFileSync(path);
    const left = bytes.subarray(0, at % (bytes.length + 1));
    writeFileSync(path, left);
    await closed(await opened());
    const whole = left.toString().split('\n').length - 1;
    expect(
      entries()
        .slice(whole)
        .map(({ n, what }) => [n, what]),
    ).toEqual([
      [whole + 1, 'opened'],
      [whole + 2, 'closed'],
    ]);
    expect(await readChain(path)).toMatchObject({ isWhole: true, torn: '' });
  });

  test('is not gone on with when its chain is broken, and stays as it is', async () => {
    const log = await opened();
    await log.append(change(1));
    await closed(log);
    const forged = readFileSync(path, 'utf8').replace('anna', 'anne');
    writeFileSync(path, forged);
    await expect(opened()).rejects.toThrow(`${path}:2 was changed`);
    expect(readFileSync(path, 'utf8')).toBe(forged);
  });

  test.each([
    ['was written by another', () => appendFileSync(path, 'x\n')],
    ['was cut', () => writeFileSync(path, '')],
    ['is gone', () => renameSync(path, `${path}.1`)],
    [
      'is another',
      () => {
        const text = readFileSync(path);
        renameSync(path, `${path}.1`);
        writeFileSync(path, text);
      },
    ],
  ])('writes nothing more to a file that %s', async (_, tamper) => {
    const log = await opened();
    tamper();
    await expect(log.ready()).rejects.toThrow(AuditUnavailable);
    await expect(log.append(change(1))).rejects.toThrow('was changed, moved or removed by somebody else');
    expect([log.entryCount, log.errorCount]).toEqual([1, 2]);
    expect(said).toHaveLength(1);
  });

  test('writes what waited once its file is back', async () => {
    const log = await opened();
    renameSync(path, `${path}.away`);
    await expect(log.append(change(1))).rejects.toThrow(AuditUnavailable);
    await expect(log.append(change(2))).rejects.toThrow(AuditUnavailable);
    renameSync(`${path}.away`, path);
    await log.append(change(3));
    expect(entries().map(({ what }) => what)).toEqual(['opened', ...[1, 2, 3].map((place) => change(place).what)]);
    expect(said.at(-1)).toContain('written again');
  });

  test('does not say of what is written that it is not, because of what came after it', async () => {
    const log = await opened();
    const first = log.append(change(1)).then(() => renameSync(path, `${path}.away`));
    const second = log.append(change(2));
    await expect(Promise.allSettled([first, second])).resolves.toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: expect.any(AuditUnavailable) as unknown },
    ]);
    renameSync(`${path}.away`, path);
    await log.ready();
    expect(entries()).toHaveLength(3);
  });

  test('says why it cannot be begun', async () => {
    path = join(directory, 'nowhere', 'audit.ndjson');
    await expect(opened()).rejects.toThrow(`${path} cannot be written (ENOENT)`);
    path = directory;
    await expect(opened()).rejects.toThrow('(EISDIR)');
  });
});

describe('a chain', () => {
  const chainOf = async (count: number): Promise<string[]> => {
    rmSync(path, { force: true });
    const log = await opened();
    await Promise.all(Array.from({ length: count - 2 }, (_, place) => log.append(change(place))));
    await closed(log);
    return lines();
  };
  const broken = async (all: readonly string[]): Promise<unknown> => {
    writeFileSync(path, all.map((line) => `${line}\n`).join(''));
    const chain = await readChain(path);
    return chain.isWhole ? 'whole' : [chain.line, chain.wrong.split(':')[0]];
  };

  test('is broken where a line was changed, removed, added or moved', async () => {
    const all = await chainOf(8);
    expect(await broken(all)).toBe('whole');
    expect(await broken(all.with(3, (all[3] ?? '').replace('anna', 'eve!')))).toEqual([4, 'was changed']);
    expect(await broken(all.with(3, '{}'))).toEqual([4, 'is no line of an audit log']);
    expect(await broken(all.toSpliced(3, 1))).toEqual([4, 'does not follow the line before it']);
    expect(await broken(all.toSpliced(3, 0, all[2] ?? ''))).toEqual([4, 'does not follow the line before it']);
    expect(await broken(all.toSpliced(3, 2, all[4] ?? '', all[3] ?? ''))).toEqual([
      4,
      'does not follow the line before it',
    ]);
    expect(await broken(all.slice(1))).toEqual([1, 'does not follow the line before it']);
    // A line made anew with a hash that fits it gives itself away in the next.
    const body = `${(all[3] ?? '').replace('anna', 'eve!').replace(/,"hash".*/, '')}}`;
    const hash = createHash('sha256').update(body).digest('hex');
    const forged = all.with(3, `${body.slice(0, -1)},"hash":"${hash}"}`);
    expect(await broken(forged)).toEqual([5, 'does not follow the line before it']);
    // What was cut off behind is known only to whoever noted the last hash.
    const seen: string[] = [];
    expect(await broken(all.slice(0, 5))).toBe('whole');
    await readChain(path, (one) => seen.push(one));
    expect(seen).toEqual(all.slice(0, 5).map((line) => (JSON.parse(line) as { hash: string }).hash));
  });

  test('is read whatever the size of what the disk gives at once', async () => {
    const all = await chainOf(500);
    expect(all.join('\n').length).toBeGreaterThan(65_536 * 2);
    expect(await broken(all)).toBe('whole');
    writeFileSync(path, 'x'.repeat(1_100_000));
    expect(await readChain(path)).toMatchObject({ isWhole: false, line: 1, wrong: expect.stringContaining('longer') });
  });

  forAll.prop([fc.nat(), fc.integer({ min: 1, max: 255 })], { numRuns: 100 })(
    'is broken by any byte that is another',
    async (at, by) => {
      whole ??= Buffer.from(`${(await chainOf(5)).join('\n')}\n`);
      const bytes = Buffer.from(whole);
      const place = at % (bytes.length - 1);
      bytes[place] = (bytes[place] ?? 0) ^ by;
      writeFileSync(path, bytes);
      expect((await readChain(path)).isWhole).toBe(false);
    },
  );
  let whole: Buffer | undefined;
});
