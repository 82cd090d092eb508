/** One look at a stream of the feed and at the state it belongs to, both at the same moment, by a script. Changes nothing. */
import { createHash } from 'node:crypto';
import { run } from './ask.ts';
import type { RedisConnection } from './connection.ts';
import type { Probe } from './feed-cursor.ts';
import type { StreamKeys } from './layout.ts';
import type { Script } from './scripts.ts';

/** Before the first entry of any stream. */
export const START_ID = '0-0';

/** `epoch` is empty and `sequence` 0 while nothing was ever written. */
export interface Look extends Probe {
  /** Milliseconds since the epoch by the store's clock. */
  readonly atMs: number;
}

// KEYS: meta, feed. ARGV: id of the last entry taken.
// Answers { epoch, server, sequence, last id, held, has older, next, seconds, microseconds }; absent numbers are -1.
const LOOK_BODY = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
local server = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
local last, held, older, after = '0-0', -1, 0, -1
local function sequence(entry)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'n' then return tonumber(fields[i + 1]) end
  end
  return -1
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  local info = redis.call('XINFO', 'STREAM', KEYS[2])
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then last = info[i + 1] end
  end
  if ARGV[1] ~= '0-0' then older = #redis.call('XRANGE', KEYS[2], '-', '(' .. ARGV[1], 'COUNT', 1) end
  for _, entry in ipairs(redis.call('XRANGE', KEYS[2], ARGV[1], '+', 'COUNT', 2)) do
    if entry[1] == ARGV[1] then held = sequence(entry) elseif after < 0 then after = sequence(entry) end
  end
end
local time = redis.call('TIME')
return {meta[1] or '', server, tonumber(meta[2] or 0), last, held, older, after, tonumber(time[1]), tonumber(time[2])}`;

const LOOK: Script = { body: LOOK_BODY, sha: createHash('sha1').update(LOOK_BODY).digest('hex') };

type Reply = [Buffer, Buffer, number, Buffer, number, number, number, number, number];

/** Rejects with StoreUnavailable. */
export async function lookAt(connection: RedisConnection, keys: StreamKeys, id: string): Promise<Look> {
  const reply = (await run(connection, LOOK, [keys.meta, keys.feed], [id])) as Reply;
  const [epoch, server, sequence, lastId, held, hasOlder, next, seconds, microseconds] = reply;
  return {
    epoch: epoch.toString(),
    server: server.toString(),
    sequence,
    lastId: lastId.toString(),
    held: held < 0 ? undefined : held,
    hasOlder: hasOlder > 0,
    next: next < 0 ? undefined : next,
    atMs: seconds * 1000 + Math.floor(microseconds / 1000),
  };
}
