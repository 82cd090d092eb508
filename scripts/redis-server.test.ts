import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { startRedisServer, tell, type RedisServer } from './redis-server.ts';

const open: { servers: RedisServer[]; clients: Redis[] } = { servers: [], clients: [] };

async function start(options: readonly string[] = []): Promise<{ server: RedisServer; client: Redis }> {
  const server = await startRedisServer(options);
  const client = new Redis(server.url, { maxRetriesPerRequest: 1 }).on('error', () => {});
  open.servers.push(server);
  open.clients.push(client);
  return { server, client };
}

afterEach(async () => {
  for (const client of open.clients.splice(0)) client.disconnect();
  await Promise.all(open.servers.splice(0).map((server) => server.stop()));
});

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.once('error', () => resolve(false)).once('connect', () => socket.destroy());
  });
}

describe('a Redis server of our own', () => {
  it('is at least version 6.2, never evicts and never writes to disk', async () => {
    const { client } = await start();
    const version = /redis_version:(\d+)\.(\d+)/.exec(await client.info('server'));
    expect(version).not.toBeNull();
    expect(Number(version?.[1]) * 100 + Number(version?.[2])).toBeGreaterThanOrEqual(602);
    expect(await client.config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
    expect(await client.config('GET', 'save')).toEqual(['save', '']);
    expect(await client.config('GET', 'appendonly')).toEqual(['appendonly', 'no']);
  });

  it('changes a value and appends to a stream in one script', async () => {
    const { client } = await start();
    const script = `
      local version = redis.call('HINCRBY', KEYS[1], 'version', 1)
      redis.call('XADD', KEYS[2], '*', 'version', version)
      return version`;
    const writers = Array.from({ length: 50 }, () => client.eval(script, 2, '{shard}:numbers', '{shard}:changes'));
    expect(await Promise.all(writers)).toHaveLength(50);
    const entries = await client.xrange('{shard}:changes', '-', '+');
    expect(entries.map(([, fields]) => Number(fields[1]))).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(await client.hget('{shard}:numbers', 'version')).toBe('50');
  });

  it('runs beside another one without sharing anything', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(first.server.port).not.toBe(second.server.port);
    await first.client.set('owner', 'first');
    expect(await second.client.get('owner')).toBeNull();
  });

  it('leaves no process and no folder behind', async () => {
    const { server, client } = await start();
    const [, directory] = (await client.config('GET', 'dir')) as [string, string];
    expect(directory).toContain('tollgate-redis-');
    expect(existsSync(directory)).toBe(true);
    const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
    client.disconnect();
    await server.stop();
    await server.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(directory)).toBe(false);
  });

  it.each([
    ['running', ''],
    ['crashed', 'await server.kill();'],
    ['restarted', 'await server.restart();'],
  ])('does not outlive a test process that was killed: %s', async (_, then) => {
    const starter = new URL('redis-server.ts', import.meta.url).href;
    const program = `import(${JSON.stringify(starter)}).then(async ({ startRedisServer, tell }) => {
      const server = await startRedisServer();
      const folder = (await tell(server, 'CONFIG GET dir')).split('\\r\\n').at(-1);
      ${then}
      console.log(JSON.stringify({ port: server.port, folder }));
    })`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '-e', program]);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { port, folder } = JSON.parse(line.toString()) as { port: number; folder: string };
    expect(existsSync(folder)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isListening(port)).toBe(false);
    await expect.poll(() => existsSync(folder)).toBe(false);
  });

  it.each([
    ['empty', [], null],
    ['with what it kept', ['--appendonly', 'yes', '--appendfsync', 'always'], 'first'],
  ])('comes back on its port after a crash, %s', async (_, options, expected) => {
    const { server, client } = await start(options);
    await client.set('owner', 'first');
    await server.kill();
    await server.kill();
    expect(await isListening(server.port)).toBe(false);
    await server.restart();
    expect(await client.get('owner')).toBe(expected);
    await server.restart();
    expect(await client.get('owner')).toBe(expected);
  });

  it('answers nothing while it is paused, and then all it was asked; a paused one can crash', async () => {
    const { server, client } = await start();
    await client.set('count', 0);
    await server.pause();
    await expect(tell(server, 'PING')).rejects.toThrow('no answer');
    const counted = client.incr('count');
    await server.resume();
    expect(await counted).toBe(1);
    await server.pause();
    await server.restart();
    expect(await client.get('count')).toBeNull();
  });

  it('leaves no folder behind when it is stopped after a crash', async () => {
    const { server, client } = await start();
    const [, directory] = (await client.config('GET', 'dir')) as [string, string];
    await server.kill();
    expect(existsSync(directory)).toBe(true);
    await server.stop();
    expect(existsSync(directory)).toBe(false);
  });

  it('says why it did not start', async () => {
    await expect(startRedisServer(['--no-such-option', '1'])).rejects.toThrow('no-such-option');
  });

  it('knows the users it was told of', async () => {
    const { server } = await start(['--user', 'ann', 'on', '>secret', '~*', '+@all', '--user', 'default', 'off']);
    const ann = new Redis(server.port, { username: 'ann', password: 'secret' });
    open.clients.push(ann);
    expect(await ann.acl('WHOAMI')).toBe('ann');
  });

  it('speaks TLS under its own certificate, and nothing else', async () => {
    const server = await startRedisServer([], { tls: true });
    open.servers.push(server);
    const ca = readFileSync(new URL(server.url).searchParams.get('ca')!);
    const client = new Redis(server.port, '127.0.0.1', { tls: { ca } });
    open.clients.push(client);
    expect(await client.ping()).toBe('PONG');
    const plain = new Redis(server.port, { maxRetriesPerRequest: 0, retryStrategy: null }).on('error', () => {});
    open.clients.push(plain);
    await expect(plain.ping()).rejects.toThrow();
  });

  it('says which package to install when the program is not there', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = '/nonexistent';
    try {
      await expect(startRedisServer()).rejects.toThrow('apt-get install redis-server');
    } finally {
      process.env['PATH'] = path;
    }
  });
});
