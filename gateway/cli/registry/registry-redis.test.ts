import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { loadSnapshot } from '../../../registry-cache/index.ts';
import { openRedis, RedisRegistryStore } from '../../../registry-cache/redis/index.ts';
import { type RedisServer, startRedisServer } from '../../../scripts/redis-server.ts';
import { call, sortedLines } from './command-under-test.ts';

let folder: string;
let redis: RedisServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-registry-redis-'));
  redis = await startRedisServer();
});
afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => tell('FLUSHALL'));

/** Sends one command past any client of ours. */
function tell(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(redis.port, redis.host, () => socket.write(`${command}\r\n`));
    socket.once('data', (answer) => {
      socket.destroy();
      resolve(String(answer));
    });
    socket.once('error', reject);
  });
}

const CAMPAIGNS = 'gateway/starter-campaigns.yaml';
const GENERATE = ['generate', '--numbers', '12000', '--campaigns', '100', '--seed', '3', '--quiet'];

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const exported = async (): Promise<string[]> =>
  sortedLines((await call('export', '--redis', redis.url, '--quiet')).stdout, 1);

describe('numbers that were generated', () => {
  test('are the same in Redis as in a file, and survive every way round', async () => {
    const csv = join(folder, 'generated.csv');
    const snapshot = join(folder, 'exported.snapshot');
    const ndjson = join(folder, 'exported.ndjson');
    const campaigns = join(folder, 'generated.yaml');
    expect(await call(...GENERATE, '--out', csv, '--campaigns-out', campaigns)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    });
    expect(await call(...GENERATE, '--redis', redis.url)).toEqual({ code: 0, stdout: '', stderr: '' });
    const numbers = sortedLines(readFileSync(csv, 'utf8'), 1);
    expect(await exported()).toEqual(numbers);

    for (const out of [snapshot, ndjson]) {
      expect((await call('export', '--redis', redis.url, '--out', out, '--quiet')).code).toBe(0);
    }
    // Where it stands in each stream, for a gateway to go on from.
    const { position } = await loadSnapshot(snapshot);
    expect(JSON.parse(position)).toEqual(
      expect.arrayContaining([expect.objectContaining({ sequence: expect.any(Number) })]),
    );
    const verified = await call('verify', '--snapshot', snapshot, '--redis', redis.url, '--quiet');
    expect(verified).toEqual({ code: 0, stdout: '', stderr: '' });

    await tell('FLUSHALL');
    const words = ['--redis', redis.url, '--campaigns', campaigns, '--quiet'];
    expect(await call('import', ndjson, ...words)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await exported()).toEqual(numbers);

    await tell('FLUSHALL');
    expect((await call('import', snapshot, ...words)).stderr).toContain('--nnid: a snapshot does not say');
    expect((await call('import', snapshot, ...words, '--nnid', '104801')).code).toBe(0);
    expect(await exported()).toEqual(numbers.map((line) => line.replace(/,\d{6},/, ',104801,')).toSorted());
  });

  test('are counted by stats, and their pools have no limit of numbers while others have', async () => {
    await call(...GENERATE, '--redis', redis.url);
    const { stdout } = await call('stats', '--redis', redis.url, '--json', '--quiet');
    const counted = JSON.parse(stdout) as { byNnid: { name: string }[] };
    expect(counted.byNnid.map(({ name }) => name).toSorted()).toEqual(['104801', '104901']);
    expect(counted).toMatchObject({
      numbers: 12_000,
      pending: 0,
      campaigns: 100,
      byCarrier: [{ name: 'other', numbers: 12_000 }],
    });
    const other = await call(...GENERATE.with(2, '24000'), '--redis', redis.url);
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(
      /holds the \d+ numbers it may; .*generate into an empty registry, or with another seed\n$/,
    );
  });
});

describe('import', () => {
  test('tells campaigns nobody knows and numbers beyond a limit, by line', async () => {
    const source = file(
      'refused.csv',
      `number,campaign,nnid
+12012010000,CTOPA01,104801
+12012010001,CNONE01,104801
+12012010002,CSOLE01,104801
+12012010003,CSOLE01,104801
+12012010004,CTOPA01,
`,
    );
    const { code, stderr } = await call('import', source, '--redis', redis.url, '--campaigns', CAMPAIGNS, '--quiet');
    expect(code).toBe(1);
    // Which of two numbers a campaign has room for is not said; it is one of them.
    const [held] = (await exported()).filter((line) => line.includes('CSOLE01'));
    expect(['+12012010002,CSOLE01,104801,', '+12012010003,CSOLE01,104801,']).toContain(held);
    const refusedLine = held?.startsWith('+12012010002') === true ? 5 : 4;
    expect(sortedLines(stderr)).toEqual([
      `${source}:3 campaign CNONE01 is not in the registry; publish it with --campaigns, or correct it`,
      `${source}:${refusedLine} campaign CSOLE01 holds the 1 numbers it may; it needs a number pool approved, or the number another campaign`,
      `${source}:6 nnid is missing; name the DCA that set the number, or give --nnid for all such lines`,
      `tollgate: ${source}: 3 wrong lines were left out`,
    ]);
    expect(await exported()).toEqual(['+12012010000,CTOPA01,104801,', held]);
  });

  test('takes the last of lines with the same number, and says how many were registered before', async () => {
    const lines = ['+12012010000,CTOPA01,104801', '+12012010001,CTOPA01,104801', '+12012010000,CMIDC01,104901'];
    const source = file('twice.csv', `number,campaign,nnid\n${lines.join('\n')}\n`);
    const words = ['import', source, '--redis', redis.url, '--campaigns', CAMPAIGNS];
    const first = await call(...words);
    expect(first.code).toBe(0);
    expect(first.stderr).toMatch(/^1 numbers were registered before$/m);
    expect((await call(...words)).stderr).toMatch(/^3 numbers were registered before$/m);
    expect(await exported()).toEqual(['+12012010000,CMIDC01,104901,', '+12012010001,CTOPA01,104801,']);
  });

  test('says from which line to go on, and going on from there imports the rest', async () => {
    const numbers = Array.from({ length: 10_500 }, (_, at) => `+1201${2_010_000 + at},CTOPA01,104801`);
    const spoilt = numbers.with(10_300, 'half a li');
    const source = file('resumed.csv', `number,campaign,nnid\n${spoilt.join('\n')}\n`);
    const words = ['import', source, '--redis', redis.url, '--campaigns', CAMPAIGNS, '--max-errors', '0', '--quiet'];
    const stopped = await call(...words);
    expect(stopped.code).toBe(1);
    expect(stopped.stderr).toContain(`${source}: all up to line 10001 is imported; go on with --from-line 10002\n`);
    expect(await exported()).toHaveLength(10_000);

    file('resumed.csv', `number,campaign,nnid\n${numbers.join('\n')}\n`);
    expect(await call(...words, '--from-line', '10002')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await exported()).toEqual(numbers.map((line) => `${line},`).toSorted());
  });
});

test('lookup says who set a number, where its campaign is active, and what is pending', async () => {
  const source = file(
    'lookup.csv',
    'number,campaign,nnid,activeAt\n+12012010000,CNOVZW1,104801,\n+12012010001,CTOPA01,104901,2999-01-01T00:00:00Z\n',
  );
  expect((await call('import', source, '--redis', redis.url, '--campaigns', CAMPAIGNS, '--quiet')).code).toBe(0);
  const { code, stdout } = await call('lookup', '+12012010000', '+12012010001', '+12012010002', '--redis', redis.url);
  expect(code).toBe(0);
  expect(stdout.split('\n').map((line) => line.replace(/; .*/, ''))).toEqual([
    '+12012010000  registered to CNOVZW1, set by 104801, active at att tmobile uscellular other',
    '+12012010001  pending to CTOPA01 from 2999-01-01T00:00:00.000Z on, set by 104901, active at att verizon tmobile uscellular other',
    '+12012010002  not in the registry',
    '',
  ]);
});

test('verify tells what differs between a snapshot and Redis, masked, and ends with 1', async () => {
  const csv = (lines: readonly string[]): string => `number,campaign,nnid\n${lines.join('\n')}\n`;
  const before = ['+12012010000,CTOPA01,104801', '+12012010001,CTOPA01,104801', '+12012010002,CTOPA01,104801'];
  const snapshot = join(folder, 'before.snapshot');
  await call('import', file('before.csv', csv(before)), '--out', snapshot, '--quiet');
  const after = ['+12012010000,CTOPA01,104801', '+12012010001,CMIDC01,104801', '+12012010003,CTOPA01,104801'];
  await call('import', file('after.csv', csv(after)), '--redis', redis.url, '--campaigns', CAMPAIGNS, '--quiet');
  const { code, stdout, stderr } = await call('verify', '--snapshot', snapshot, '--redis', redis.url, '--quiet');
  expect(code).toBe(1);
  expect(sortedLines(stdout)).toEqual([
    '+1201•••0001 is registered to CTOPA01 in the snapshot and to CMIDC01 in Redis',
    '+1201•••0002 is registered to CTOPA01 in the snapshot and not in Redis',
    '+1201•••0003 is registered to CTOPA01 in Redis and not in the snapshot',
  ]);
  expect(stderr).toBe(`tollgate: ${snapshot}: 3 differences\n`);
});

describe('a Redis that cannot be used is told without the password:', () => {
  test('nobody is there', async () => {
    const { code, stdout, stderr } = await call('stats', '--redis', 'redis://:hunter2@127.0.0.1:1', '--quiet');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^tollgate: --redis: /);
    expect(stderr).not.toContain('hunter2');
  });

  test('the password is wrong', async () => {
    const locked = await startRedisServer(['--requirepass', 'other']);
    const url = locked.url.replace('//', '//:hunter2@');
    const { code, stderr } = await call('stats', '--redis', url, '--quiet');
    await locked.stop();
    expect(code).toBe(1);
    expect(stderr).toMatch(/password/);
    expect(stderr).not.toContain('hunter2');
  });

  test('the address is none', async () => {
    const { code, stderr } = await call('stats', '--redis', 'redsi://:hunter2@127.0.0.1', '--quiet');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^tollgate: --redis: /);
    expect(stderr).not.toContain('hunter2');
  });
});

test('a registry that keeps history is read as one that does not', async () => {
  const connection = await openRedis(redis.url);
  await RedisRegistryStore.open(connection, { history: true });
  await connection.close();
  expect(await call(...GENERATE.with(2, '20'), '--redis', redis.url)).toMatchObject({ code: 0, stderr: '' });
  expect(await exported()).toHaveLength(20);
  const snapshot = join(folder, 'history.snapshot');
  expect((await call('export', '--redis', redis.url, '--out', snapshot, '--quiet')).code).toBe(0);
});

test('REDIS_URL is used when no other place is named', async () => {
  vi.stubEnv('REDIS_URL', redis.url);
  const { code, stdout } = await call('stats', '--json', '--quiet');
  vi.unstubAllEnvs();
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ numbers: 0 });
});
