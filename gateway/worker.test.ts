import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedisServer, type RedisServer } from '../scripts/redis-server.ts';
import { systemClock, systemTimers } from './control/index.ts';
import { readOptions } from './options.ts';
import { createLog } from './telemetry/index.ts';
import { openWorker, type WorkerService } from './worker.ts';

const ADMIN = { authorization: `Basic ${Buffer.from('anna:hunter2').toString('base64')}` };

let redis: RedisServer;
let directory: string;
let auditFile: string;
beforeAll(async () => {
  redis = await startRedisServer();
  directory = mkdtempSync(join(tmpdir(), 'tollgate-worker-'));
  auditFile = join(directory, 'audit.ndjson');
});
afterAll(async () => {
  await redis.stop();
  rmSync(directory, { recursive: true });
});

function open(): Promise<WorkerService> {
  const environment = {
    REDIS_URL: redis.url,
    TOLLGATE_ADMIN_USER: 'anna',
    TOLLGATE_ADMIN_PASSWORD: 'hunter2',
    TOLLGATE_AUDIT_FILE: auditFile,
  };
  const read = readOptions({ environment, flags: { port: '0', logLevel: 'silent' } });
  if (!read.ok) throw new Error(read.errors.join('\n'));
  return openWorker({ options: read.options, clock: systemClock, timers: systemTimers, log: createLog('silent') });
}

test('what an operator changes at a worker goes into its audit log, or is not done', async () => {
  const worker = await open();
  const lift = async (headers = {}) =>
    (await fetch(`${worker.url}/v1/carriers/blocks/+12125550199`, { method: 'DELETE', headers })).status;
  const figures = async () => (await fetch(`${worker.url}/metrics`)).text();
  expect(readFileSync(auditFile, 'utf8')).toMatch(/"what":"opened".*"worker":"[\w-]{36}"/);
  // Nobody blocks it: nothing is changed, and nothing written down.
  expect([await lift(), await lift(ADMIN)]).toEqual([401, 404]);
  expect(await figures()).toContain('\ntollgate_audit_entries_total 1\n');
  appendFileSync(auditFile, 'not from here\n');
  expect([await lift(), await lift(ADMIN)]).toEqual([401, 503]);
  expect(await figures()).toContain('\ntollgate_audit_errors_total 1\n');
  await worker.close();
  await expect(open()).rejects.toThrow(/--audit-file: .*audit\.ndjson:2 /);
});
