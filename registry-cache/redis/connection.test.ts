import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startCuttingProxy } from '../../scripts/cutting-proxy.ts';
import { eventually, tell } from '../../scripts/redis-server.ts';
import { atEnd, endAll, open, refused, SOON, start } from './connection-under-test.ts';

afterEach(endAll);

describe('opening one server', () => {
  it('gives a client that writes and reads', async () => {
    const { client, isCluster } = await open((await start()).url);
    expect(isCluster).toBe(false);
    await client.set('owner', 'first');
    expect(await client.get('owner')).toBe('first');
  });

  it('speaks TLS to a server whose certificate is trusted, and to no other', async () => {
    const server = await start([], { tls: true });
    const { client } = await open(server.url);
    expect(await client.ping()).toBe('PONG');
    const untrusted = server.url.replace(/\?.*/, '');
    await expect(open(untrusted)).rejects.toEqual(refused('tls', '?ca=file'));
    await expect(open(`${server.url}&servername=redis.internal`)).rejects.toEqual(refused('tls', 'ALTNAME_INVALID'));
    await expect(open(`${untrusted}?ca=/nonexistent.pem`)).rejects.toEqual(refused('bad_url', 'ca'));
    await expect(open(untrusted.replace('rediss', 'redis'), SOON)).rejects.toEqual(refused('unreachable', 'rediss'));
    const plain = await start();
    const overTls = plain.url.replace('redis', 'rediss');
    await expect(open(overTls, SOON)).rejects.toThrow('begin with redis instead of rediss');
    const talkative = await listen((socket) => void socket.write('220 ready\r\n'));
    await expect(open(`rediss://127.0.0.1:${talkative}`)).rejects.toEqual(refused('tls', 'redis instead of rediss'));
  });

  it('refuses a wrong password, a missing one and a user with too few rights, at once', async () => {
    const users = ['ann on >secret ~* +@all', 'bob on >secret ~* +@all -info', 'default off'];
    const server = await start(users.flatMap((user) => ['--user', ...user.split(' ')]));
    const as = (user: string) => `redis://${user}@127.0.0.1:${server.port}`;
    expect(await (await open(as('ann:secret'))).client.acl('WHOAMI')).toBe('ann');
    await expect(open(as('ann:guess'))).rejects.toEqual(refused('wrong_password', 'correct it'));
    await expect(open(server.url)).rejects.toEqual(refused('wrong_password', 'wants a password'));
    await expect(open(as('bob:secret'))).rejects.toEqual(refused('no_permission', "'info'"));
    await expect(open(as('ann:guess'))).rejects.not.toThrow('guess');
  });

  it('waits for a server that is not there yet, and no longer than it was told', async () => {
    const server = await start();
    await server.kill();
    const startMs = performance.now();
    await expect(open(server.url, SOON)).rejects.toEqual(refused('unreachable', 'ECONNREFUSED'));
    expect(performance.now() - startMs).toBeGreaterThan(250);
    expect(performance.now() - startMs).toBeLessThan(5_000);
    const [connection] = await Promise.all([open(server.url), server.restart()]);
    expect(await connection.client.ping()).toBe('PONG');
  });

  it('waits no longer than it was told for a server that accepts and says nothing', async () => {
    const proxy = await startCuttingProxy((await start()).port);
    atEnd(() => proxy.close());
    proxy.hang();
    const startMs = performance.now();
    await expect(open(`redis://127.0.0.1:${proxy.port}`, SOON)).rejects.toEqual(refused('unreachable', '300 ms'));
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });

  it('refuses a server that evicts', async () => {
    const server = await start(['--maxmemory-policy', 'allkeys-lru']);
    await expect(open(server.url)).rejects.toEqual(refused('evicts', 'allkeys-lru'));
  });

  it('refuses Redis before 6.2 and takes Valkey', async () => {
    const old = await startImpostor('redis_version:6.0.16');
    await expect(open(old)).rejects.toEqual(refused('old_version', '6.0.16'));
    const valkey = await startImpostor('redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.1');
    expect((await open(valkey)).client.status).toBe('ready');
    const later = await startImpostor('redis_version:10.0.0');
    expect((await open(later)).client.status).toBe('ready');
  });

  it('refuses a replica', async () => {
    const master = await start();
    const replica = await start(['--replicaof', '127.0.0.1', String(master.port)]);
    await expect(open(replica.url, SOON)).rejects.toEqual(refused('replica', 'name its master'));
  });

  it('uses the database of the URL, and refuses one that the server has not', async () => {
    const server = await start();
    const { client } = await open(`${server.url}/3`);
    await client.set('owner', 'third');
    expect(await (await open(server.url)).client.get('owner')).toBeNull();
    expect(await (await (await open(`${server.url}/3`)).duplicate()).client.get('owner')).toBe('third');
    await expect(open(`${server.url}/16`)).rejects.toEqual(refused('unknown_database', 'no database 16'));
  });

  it('waits while the server loads its data, and no longer than it was told', async () => {
    // Some 2 ms for each key, and a look at the connections after every few.
    const slow = ['--key-load-delay', '2000', '--loading-process-events-interval-bytes', '1024'];
    const server = await start(slow);
    const { client } = await open(server.url);
    const keys = Array.from({ length: 600 }, (_, index) => [`key:${index}`, 'x'.repeat(64)]).flat();
    await client.mset(...keys);
    await client.save();
    const restarted = server.restart();
    await eventually('the server loads', [server], async (it) =>
      (await tell(it, 'INFO persistence').catch(() => '')).includes('loading:1'),
    );
    await expect(open(server.url, SOON)).rejects.toEqual(refused('loading', 'loading its data'));
    const opened = await open(server.url);
    expect(await opened.client.get('key:599')).not.toBeNull();
    await restarted;
  });
});

describe('one server, once open,', () => {
  it('fails a command at once while it is away, and answers again by itself', async () => {
    const server = await start();
    const { client } = await open(server.url);
    await server.kill();
    await expect.poll(() => client.status).toBe('reconnecting');
    const startMs = performance.now();
    await expect(client.set('owner', 'late')).rejects.toThrow();
    expect(performance.now() - startMs).toBeLessThan(1_000);
    await server.restart();
    await expect.poll(() => client.ping().catch(String)).toBe('PONG');
    // What failed is not done behind the caller's back.
    expect(await client.get('owner')).toBeNull();
  });

  it('fails what was under way when the connection broke, and does not do it again', async () => {
    const server = await start();
    const proxy = await startCuttingProxy(server.port);
    atEnd(() => proxy.close());
    const { client } = await open(`redis://127.0.0.1:${proxy.port}`);
    proxy.delay(100);
    const counted = expect(client.incr('count')).rejects.toThrow();
    // The command has arrived and its answer has not.
    await eventually('it is counted', [server], async () => (await tell(server, 'GET count')) === '1');
    proxy.cut();
    await counted;
    proxy.delay(0);
    proxy.heal();
    await expect.poll(() => client.get('count').catch(String)).toBe('1');
  });

  it('fails a command that is not answered in time, and replaces the connection', async () => {
    const server = await start();
    const proxy = await startCuttingProxy(server.port);
    atEnd(() => proxy.close());
    const { client } = await open(`redis://127.0.0.1:${proxy.port}`, { commandTimeoutMs: 200 });
    proxy.hang();
    await expect(client.ping()).rejects.toThrow();
    await expect.poll(() => client.status).not.toBe('ready');
    proxy.heal();
    await expect.poll(() => client.ping().catch(String)).toBe('PONG');
  });

  it('reconnects when the server takes no more writes', async () => {
    const server = await start();
    const connection = await open(server.url);
    const clients = [connection.client, (await connection.duplicate()).client];
    const identify = () => Promise.all(clients.map((client) => client.client('ID').catch(() => 'none')));
    const before = await identify();
    const read = expect(clients[1]!.xread('BLOCK', 3_000, 'STREAMS', 'changes', '$')).rejects.toThrow('UNBLOCKED');
    await eventually('the reader waits', [server], async () =>
      (await tell(server, 'INFO clients')).includes('blocked_clients:1'),
    );
    await tell(server, 'REPLICAOF 127.0.0.1 1');
    await expect(clients[0]!.set('owner', 'late')).rejects.toThrow('READONLY');
    await read;
    await expect
      .poll(async () => (await identify()).filter((id, index) => id !== 'none' && id !== before[index]))
      .toHaveLength(2);
  });

  it('lets a duplicate block for longer than a command may take, beside the other', async () => {
    const { url } = await start();
    const connection = await open(url, { commandTimeoutMs: 200 });
    const reader = await connection.duplicate();
    const read = reader.client.xread('BLOCK', 3_000, 'STREAMS', 'changes', '$');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const id = await connection.client.xadd('changes', '*', 'version', '1');
    expect(await read).toEqual([['changes', [[id, ['version', '1']]]]]);
  });

  it('gives no duplicate while it is away', async () => {
    const server = await start();
    const connection = await open(server.url, { commandTimeoutMs: 300 });
    await server.kill();
    await expect(connection.duplicate()).rejects.toThrow();
    await server.restart();
    const reader = await connection.duplicate();
    expect(await reader.client.ping()).toBe('PONG');
    await reader.close();
  });

  it('leaves no connection behind, whatever was under way', async () => {
    const server = await start();
    const connection = await open(server.url);
    const reader = await connection.duplicate();
    const read = expect(reader.client.xread('BLOCK', 3_000, 'STREAMS', 'changes', '$')).rejects.toThrow();
    await Promise.all([reader.close(), connection.close(), connection.close()]);
    await read;
    await expect.poll(() => tell(server, 'INFO clients')).toContain('connected_clients:1\r\n');
    await server.kill();
    await connection.close();
  });
});

/** A server that is none: it answers INFO with these lines and anything else with OK. Resolves to its URL. */
async function startImpostor(lines: string): Promise<string> {
  const info = `${lines}\r\nredis_mode:standalone\r\nrole:master\r\nloading:0\r\nmaxmemory_policy:noeviction\r\n`;
  const port = await listen((socket) => {
    socket.on('data', (chunk) => {
      for (const [name] of chunk.toString().matchAll(/(?<=^\*\d+\r\n\$\d+\r\n)\w+/gm)) {
        socket.write(name.toLowerCase() === 'info' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
      }
    });
  });
  return `redis://127.0.0.1:${port}`;
}

async function listen(onConnection: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => onConnection(socket.on('error', () => {}).resume()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  atEnd(async () => {
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
