/** What is done to accepted messages in Redis, each in one step: as scripts. layout.ts says what lies where. */
import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { DONE_KEY, DONE_MESSAGES_KEY, OPEN_KEY, OPEN_MESSAGES_KEY, PREFIX } from './layout.ts';

interface Script {
  readonly body: string;
  readonly sha: string;
}

type Argument = string | number | Buffer;

/** Runs a script; texts come as buffers. Rejects with whatever the client rejects with: then it may have been done, or not. */
export async function run(
  client: Redis | Cluster,
  { sha, body }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await client.callBuffer('EVALSHA', [sha, keys.length, ...keys, ...args]);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
  }
  // EVAL also leaves the script there for the next EVALSHA.
  return client.callBuffer('EVAL', [body, keys.length, ...keys, ...args]);
}

function script(body: string): Script {
  return { body, sha: createHash('sha1').update(body).digest('hex') };
}

/** Bytes of one message's fate. */
export const FATE_BYTES = 16;

/**
 * Puts a batch there; done twice it changes nothing.
 * KEYS batch, fate, run's zset, keys of claims... ARGV batch, lines, count, run, class, starts (words), now, value and ttl of each claim...
 * The number of messages open.
 */
export const COMMIT = script(`
if redis.call('HSETNX', KEYS[1], 'lines', ARGV[2]) == 1 then
  redis.call('HSET', KEYS[1], 'count', ARGV[3], 'run', ARGV[4], 'class', ARGV[5], 'starts', ARGV[6], 'at', ARGV[7])
  redis.call('SET', KEYS[2], string.rep('\\0', ${FATE_BYTES} * ARGV[3]))
  for start in string.gmatch(ARGV[6], '%S+') do
    redis.call('ZADD', KEYS[3], start, start .. ' ' .. ARGV[1])
  end
  for at = 4, #KEYS do
    local arg = 8 + (at - 4) * 2
    redis.call('SET', KEYS[at], ARGV[arg], 'PX', ARGV[arg + 1])
  end
  redis.call('ZADD', '${OPEN_KEY}', ARGV[7], ARGV[1])
  return redis.call('INCRBY', '${OPEN_MESSAGES_KEY}', ARGV[3])
end
return tonumber(redis.call('GET', '${OPEN_MESSAGES_KEY}') or 0)`);

/** Makes a batch the worker's. KEYS batch, fate. ARGV token. Its lines, run and fates; nothing if it is at its end or gone. */
export const TAKE = script(`
if redis.call('HEXISTS', KEYS[1], 'lines') == 0 or redis.call('HEXISTS', KEYS[1], 'ended') == 1 then return {} end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local batch = redis.call('HMGET', KEYS[1], 'lines', 'run')
return {batch[1], batch[2], redis.call('GET', KEYS[2])}`);

/**
 * Writes what became of messages, if the batch is still the worker's. KEYS batch, fate, stream of outcomes.
 * ARGV token, batch, patch (2 bytes of index and the fate, for each message), how long the stream may lie unread in ms. Whether it was.
 */
export const SETTLE = script(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
local patch = ARGV[3]
for at = 1, #patch, ${FATE_BYTES + 2} do
  local high, low = string.byte(patch, at, at + 1)
  redis.call('SETRANGE', KEYS[2], (high * 256 + low) * ${FATE_BYTES}, string.sub(patch, at + 2, at + ${FATE_BYTES + 1}))
end
redis.call('XADD', KEYS[3], '*', 'b', ARGV[2], 'p', patch)
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 1`);

/** Lets go of a batch that is not at its end. KEYS batch. ARGV token. */
export const RELEASE = script(`
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner') end
return 1`);

/**
 * Ends a batch, if it is the worker's, and forgets the oldest ended ones. KEYS batch, stream of outcomes. ARGV token, batch, now, messages kept. Whether it was.
 */
export const FINISH = script(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'owner')
redis.call('HSET', KEYS[1], 'ended', ARGV[3])
local count = tonumber(redis.call('HGET', KEYS[1], 'count'))
redis.call('XADD', KEYS[2], '*', 'b', ARGV[2], 'e', 1)
redis.call('ZREM', '${OPEN_KEY}', ARGV[2])
redis.call('DECRBY', '${OPEN_MESSAGES_KEY}', count)
redis.call('ZADD', '${DONE_KEY}', ARGV[3], ARGV[2])
local kept = redis.call('INCRBY', '${DONE_MESSAGES_KEY}', count)
while kept > tonumber(ARGV[4]) do
  local oldest = redis.call('ZPOPMIN', '${DONE_KEY}')[1]
  if not oldest then break end
  local key = '${PREFIX}batch:' .. oldest
  local batch = redis.call('HMGET', key, 'count', 'run', 'class', 'starts')
  kept = redis.call('DECRBY', '${DONE_MESSAGES_KEY}', batch[1])
  for start in string.gmatch(batch[4], '%S+') do
    redis.call('ZREM', '${PREFIX}run:' .. batch[2] .. ':' .. batch[3], start .. ' ' .. oldest)
  end
  redis.call('DEL', key, '${PREFIX}fate:' .. oldest)
end
return 1`);

/** One message. KEYS the zsets of its run. ARGV its sequence number. Its line and its fate, or nothing. */
export const FIND = script(`
for at = 1, #KEYS do
  local found = redis.call('ZREVRANGEBYSCORE', KEYS[at], ARGV[1], '-inf', 'LIMIT', 0, 1)[1]
  if found then
    local batch = string.match(found, ' (.+)$')
    local lines = redis.call('HGET', '${PREFIX}batch:' .. batch, 'lines')
    local from = lines and string.find(lines, '\\n[' .. ARGV[1] .. ',', 1, true)
    if from then
      local line = string.sub(lines, from + 1, (string.find(lines, '\\n', from + 1, true) or #lines + 1) - 1)
      local index = tonumber(string.match(line, '^%[%d+,(%d+),'))
      local fate = redis.call('GETRANGE', '${PREFIX}fate:' .. batch, index * ${FATE_BYTES}, index * ${FATE_BYTES} + ${FATE_BYTES - 1})
      return {line, fate}
    end
  end
end
return {}`);
