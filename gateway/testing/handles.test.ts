import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('handles-under-test.ts', import.meta.url));
const PATIENCE_MS = 25_000;

test('a program that closes what it started ends by itself, with nothing left open', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM], { stdio: ['ignore', 'pipe', 'pipe'] });
  const kill = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  clearTimeout(kill);
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(JSON.parse(out)).toMatchObject({ left: [] });
});
