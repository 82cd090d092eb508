import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const PASSWORD = 'hunter2-of-anna';
const authorization = `Basic ${Buffer.from(`anna:${PASSWORD}`).toString('base64')}`;
const MESSAGES = 200;

interface Message {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** Runs the demo at level debug with an audit log, has a look around as an operator would, and stops it. */
async function run(directory: string): Promise<{ log: string; audit: string; messages: readonly Message[] }> {
  const auditFile = join(directory, 'audit.ndjson');
  const words = ['serve', '--demo', '--rate', '100', '--port', '0', '--log-level', 'debug', '--audit-file', auditFile];
  const gateway = spawn(process.execPath, ['--import', 'tsx', 'gateway/cli/main.ts', ...words], {
    env: { ...process.env, TOLLGATE_ADMIN_USER: 'anna', TOLLGATE_ADMIN_PASSWORD: PASSWORD },
  });
  try {
    const written = text(gateway.stderr);
    const [first] = (await once(createInterface({ input: gateway.stdout }), 'line')) as [string];
    const url = /http:\S+/.exec(first)?.[0] ?? '';
    const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
      fetch(`${url}${path}`, { ...init, headers: { authorization, 'content-type': 'application/json' } });
    let messages: readonly Message[] = [];
    const look = async (): Promise<number> => {
      ({ messages } = (await (await ask('/v1/messages?limit=1000')).json()) as { messages: readonly Message[] });
      return messages.length;
    };
    await expect.poll(look).toBeGreaterThan(MESSAGES);
    const { from = '', ...message } = messages[0] ?? {};
    await ask('/v1/regime', { method: 'PUT', body: JSON.stringify({ regime: 'block' }) });
    await ask(`/v1/lookup/${from}`);
    await ask(`/v1/trace?number=${encodeURIComponent(from)}`);
    await ask('/v1/messages', { method: 'POST', body: JSON.stringify({ ...message, from, to: '+19115550123' }) });
    gateway.kill('SIGTERM');
    return { log: await written, audit: readFileSync(auditFile, 'utf8'), messages };
  } finally {
    gateway.kill('SIGKILL');
  }
}

test('neither the log at level debug nor the audit log holds a number, a text or a secret', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tollgate-log-'));
  try {
    const { log, audit, messages } = await run(directory);
    // There is something to look at.
    expect(log).toContain('"route":"/v1/messages"');
    expect(log).toContain('"unsaid":');
    expect(audit).toContain('PUT /v1/regime');
    expect(audit).toContain('PUT /v1/numbers/+1');

    const numbers = messages.flatMap(({ from, to }) => [from.slice(2), to.slice(2)]);
    // Short texts are words that a log may well use.
    const texts = messages.map((one) => one.text).filter(({ length }) => length > 20);
    expect(texts.length).toBeGreaterThan(MESSAGES / 2);
    const found = [PASSWORD, authorization.slice(6), ...numbers, ...texts].filter(
      (one) => log.includes(one) || audit.includes(one),
    );
    expect(found).toEqual([]);
    // Nor one of those that were not looked at. Hashes have digits too.
    expect(log.match(/(?<!\w)1?[2-9]\d{9}(?!\w)/g)).toBeNull();
    expect(audit.match(/(?<!\w)1?[2-9]\d{9}(?!\w)/g)).toBeNull();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
