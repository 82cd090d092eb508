import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { openGatewayUnderTest } from '../gateway-under-test.ts';
import { createProgram } from './program.ts';

// `tollgate audit verify` on a log that a gateway wrote.

let directory: string;
let whole: string;
let path: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tollgate-audit-'));
  path = join(directory, 'audit.ndjson');
  const gateway = await openGatewayUnderTest({ auditFile: path });
  for (const regime of ['block', 'filter', 'dated']) await gateway.ask('PUT', '/v1/regime', { regime, carrier: 'att' });
  await gateway.close();
  whole = readFileSync(path, 'utf8');
});
afterAll(() => rmSync(directory, { recursive: true }));

async function verify(...words: string[]): Promise<{ code: typeof process.exitCode; out: string; err: string }> {
  let [out, err] = ['', ''];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => ((out += chunk.toString()), true)),
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => ((err += chunk.toString()), true)),
  ];
  const before = process.exitCode;
  process.exitCode = 0;
  try {
    await createProgram().parseAsync(['audit', 'verify', ...words], { from: 'user' });
    return { code: process.exitCode, out, err };
  } catch (error) {
    return { code: 2, out, err: err + String(error) };
  } finally {
    process.exitCode = before;
    for (const spy of spies) spy.mockRestore();
  }
}
const hashes = (): string[] => Array.from(whole.matchAll(/"hash":"([0-9a-f]{64})"/g), ([, hash = '']) => hash);

test('a whole chain is told with its last hash', async () => {
  writeFileSync(path, whole);
  const said = `${path}: 5 lines, chain whole, last hash ${hashes()[4]}\n`;
  expect(await verify(path)).toEqual({ code: 0, out: said, err: '' });
  expect(await verify(path, '--contains', hashes()[2] ?? '')).toMatchObject({ code: 0, out: said });
});

test('the first broken line is named', async () => {
  writeFileSync(path, whole.replace('"regime":"filter"', '"regime":"passes"'));
  expect(await verify(path)).toEqual({
    code: 1,
    out: `${path}:3 was changed: its hash is not that of what it says\n`,
    err: '',
  });
});

test('a line without its end is broken too', async () => {
  writeFileSync(path, `${whole}{"n":`);
  expect(await verify(path)).toMatchObject({ code: 1, out: expect.stringContaining(`${path}:6 has no end`) as string });
});

test('an end that was cut off is missed where its hash was noted', async () => {
  writeFileSync(path, whole.split('\n').slice(0, 3).join('\n') + '\n');
  expect((await verify(path)).code).toBe(0);
  expect(await verify(path, '--contains', hashes()[4] ?? '')).toMatchObject({
    code: 1,
    out: `${path}: the chain is whole, but no line of it has the hash ${hashes()[4]}\n`,
  });
});

test.each([
  [['/nowhere/audit.ndjson'], '<file>: /nowhere/audit.ndjson cannot be read (ENOENT)'],
  [[], "missing required argument 'file'"],
  [['x', '--contains', 'abc'], 'is no hash'],
])('%j is a mistake in the call', async (words, expected) => {
  const { code, out, err } = await verify(...words);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(expected);
});
