import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startTollgate, type TollgateProcess } from '../../scripts/tollgate-process.ts';
import type { MessageRecord } from '../messages/index.ts';
import { stateCommand } from './state.ts';

// Processes of their own, in real time: what one has in flight when it is killed arrives in the next, at once.

const FROM = '+12125550123';
const TO = '+12019161000';

let directory: string;
const running: TollgateProcess[] = [];
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tollgate-state-'));
});
afterAll(async () => {
  for (const one of running) await one.kill();
  await rm(directory, { recursive: true });
});

async function state(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', 'state', ...words]);
  const [out, err, [code]] = await Promise.all([text(command.stdout), text(command.stderr), once(command, 'exit')]);
  return { code: code as number, out, err };
}

async function started(...words: string[]): Promise<TollgateProcess> {
  const one = await startTollgate({ words: ['--log-level', 'silent', '--inbox', '1000', ...words] });
  running.push(one);
  return one;
}

async function records({ url }: TollgateProcess): Promise<readonly MessageRecord[]> {
  const answer = await fetch(`${url}/v1/messages`);
  return ((await answer.json()) as { messages: readonly MessageRecord[] }).messages;
}

async function send({ url }: TollgateProcess): Promise<string> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ from: FROM, to: TO, text: 'Your table is ready.' }),
  });
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { id: string }).id;
}

test(
  'a state goes from one process to the next by a file, and what was in flight arrives',
  { timeout: 60_000 },
  async () => {
    const file = join(directory, 'one.state');
    const [first, next] = await Promise.all([started('--clock', 'frozen'), started()]);
    const sent = [await send(first), await send(first)];
    expect(await state('save', file, '--url', first.url)).toEqual({ code: 0, out: '', err: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await records(first)).map(({ status }) => status)).toEqual(['accepted', 'accepted']);
    await first.kill();

    expect(await state('load', file, '--url', next.url)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^as it was at 2/),
    });
    expect((await records(next)).map(({ id, status }) => [id, status])).toEqual(sent.map((id) => [id, 'accepted']));
    await fetch(`${next.url}/v1/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"real":true}',
    });
    await expect.poll(async () => (await records(next)).map(({ status }) => status)).not.toContain('accepted');

    expect((await state('reset', '--url', next.url)).code).toBe(0);
    expect(await records(next)).toEqual([]);
  },
);

test.each([
  [['load', 'none.state'], 'tollgate: <file>: none.state cannot be read (ENOENT)\n'],
  [
    ['load', 'package.json', '--url', 'http://127.0.0.1:1'],
    'tollgate: --url: no gateway answers at http://127.0.0.1:1; start one with tollgate serve, or give its address\n',
  ],
])('%j is a mistake in the call', async (words, said) => {
  const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await stateCommand().parseAsync(words, { from: 'user' });
  const { calls } = written.mock;
  written.mockRestore();
  expect([process.exitCode, calls]).toEqual([2, [[said]]]);
  process.exitCode = 0;
});
