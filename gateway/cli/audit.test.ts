import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGatewayUnderTest } from '../gateway-under-test.ts';
import { callCommand, type Ended } from './command-under-test.ts';
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

function verify(...words: string[]): Promise<Ended> {
  return callCommand(createProgram(), ['audit', 'verify', ...words]);
}
const hashes = (): string[] => Array.from(whole.matchAll(/"hash":"([0-9a-f]{64})"/g), ([, hash = '']) => hash);

test('a whole chain is told with its last hash', async () => {
  writeFileSync(path, whole);
  const said = `${path}: 5 lines, chain whole, last hash ${hashes()[4]}\n`;
  expect(await verify(path)).toEqual({ code: 0, stdout: said, stderr: '' });
  expect(await verify(path, '--contains', hashes()[2] ?? '')).toMatchObject({ code: 0, stdout: said });
});

test('the first broken line is named', async () => {
  writeFileSync(path, whole.replace('"regime":"filter"', '"regime":"passes"'));
  expect(await verify(path)).toEqual({
    code: 1,
    stdout: `${path}:3 was changed: its hash is not that of what it says\n`,
    stderr: '',
  });
});

test('a line without its end is broken too', async () => {
  writeFileSync(path, `${whole}{"n":`);
  expect(await verify(path)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining(`${path}:6 has no end`) as string,
  });
});

test('an end that was cut off is missed where its hash was noted', async () => {
  writeFileSync(path, whole.split('\n').slice(0, 3).join('\n') + '\n');
  expect((await verify(path)).code).toBe(0);
  expect(await verify(path, '--contains', hashes()[4] ?? '')).toMatchObject({
    code: 1,
    stdout: `${path}: the chain is whole, but no line of it has the hash ${hashes()[4]}\n`,
  });
});

test.each([
  [['/nowhere/audit.ndjson'], '<file>: /nowhere/audit.ndjson cannot be read (ENOENT)'],
  [[], "missing required argument 'file'"],
  [['x', '--contains', 'abc'], 'Give the 64 hex digits'],
])('%j is a mistake in the call', async (words, expected) => {
  const { code, stdout, stderr } = await verify(...words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toContain(expected);
});
