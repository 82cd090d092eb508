/** What is done to accepted messages in Redis, each in one step: as scripts. layout.ts says what lies where. */
import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import {
  BatchClass,
  DONE_KEY,
  DONE_MESSAGES_KEY,
  FREE_READER,
  HELD_KEY,
  HOLDERS_KEY,
  OPEN_MESSAGES_KEY,
  PREFIX,
  READER_PREFIX,
  SPOOL_GROUP,
  UNQUEUED_KEY,
} from './layout.ts';

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

const OPEN_MESSAGES = `tonumber(redis.call('GET', '${OPEN_MESSAGES_KEY}') or 0)`;

/** KEYS batch, fate, zset of the run that ids name. Writes a batch that is not there. The number of messages open. */
const PUT_BATCH = `
local function put(batch, lines, count, run, origin, class, starts, now, fates)
  redis.call('HSET', KEYS[1], 'lines', lines, 'count', count, 'run', run, 'origin', origin, 'class', class, 'starts', starts, 'at', now)
  redis.call('SET', KEYS[2], fates)
  for start in string.gmatch(starts, '%S+') do
    redis.call('ZADD', KEYS[3], start, start .. ' ' .. batch)
  end
  redis.call('ZADD', '${UNQUEUED_KEY}', now, batch)
  return redis.call('INCRBY', '${OPEN_MESSAGES_KEY}', count)
end`;

/** Characters of a claim's value that say whose it is. */
export const CLAIM_TOKEN_LENGTH = 20;

/**
 * Sets claims that go with messages: KEYS from the fourth on; ARGV value, ttl and index of its message of each, from `first` on. The set
 * of messages that are not to be taken: they came so late that their keys are another's by now.
 */
const SET_CLAIMS = `
local function claim(first)
  local lost = {}
  for at = 4, #KEYS do
    local arg = first + (at - 4) * 3
    local there = redis.call('GET', KEYS[at])
    if there and string.sub(there, 1, ${CLAIM_TOKEN_LENGTH}) ~= string.sub(ARGV[arg], 1, ${CLAIM_TOKEN_LENGTH}) then
      lost[tonumber(ARGV[arg + 2])] = true
    else
      redis.call('SET', KEYS[at], ARGV[arg], 'PX', ARGV[arg + 1])
    end
  end
  return lost
end`;

/**
 * Puts a batch there; done twice it changes nothing.
 * KEYS batch, fate, run's zset, keys of claims... ARGV batch, lines, count, run, class, start, now, fate of a message whose key is
 * another's; value, ttl and index of each claim... The number of messages open.
 */
export const COMMIT = script(`${PUT_BATCH}${SET_CLAIMS}
if redis.call('HEXISTS', KEYS[1], 'lines') == 1 then return ${OPEN_MESSAGES} end
local fates = string.rep('\\0', ${FATE_BYTES} * ARGV[3])
local open = put(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[4], ARGV[5], ARGV[6], ARGV[7], fates)
for index in pairs(claim(9)) do redis.call('SETRANGE', KEYS[2], index * ${FATE_BYTES}, ARGV[8]) end
return open`);

/** Makes a holder, new or not. KEYS holder. ARGV how long it lives in ms. */
export const OPEN_HOLDER = script(`
redis.call('HSETNX', KEYS[1], 'call', 0)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`);

/**
 * Holds messages that begin to wait; done twice it changes nothing, and what has been decided meanwhile stays so.
 * KEYS holder, its zset, late zset of the run that ids name, keys of claims...
 * ARGV holder, lines, ids (words), their sequence numbers (words), times (words), value, ttl and index of each claim...
 * Indices of the messages that are another's, or whose keys are; nil if the holder is dead.
 */
export const HOLD = script(`${SET_CLAIMS}
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
redis.call('SADD', '${HOLDERS_KEY}', ARGV[1])
local lost = claim(6)
local others = {}
local id, sequence, time = string.gmatch(ARGV[3], '%S+'), string.gmatch(ARGV[4], '%S+'), string.gmatch(ARGV[5], '%S+')
local index = 0
for line in string.gmatch(ARGV[2], '[^\\n]+') do
  local message, number = id(), sequence()
  local at = time()
  if lost[index] or redis.call('ZCOUNT', KEYS[3], number, number) > 0 then others[#others + 1] = index
  elseif redis.call('HSETNX', '${HELD_KEY}', message, line) == 1 then redis.call('ZADD', KEYS[2], at, message)
  elseif not redis.call('ZSCORE', KEYS[2], message) then others[#others + 1] = index end
  index = index + 1
end
return others`);

/**
 * Puts a batch of held messages there that have been decided, if all are still the holder's, and holds them no more; done twice it
 * changes nothing. KEYS batch, fate, late zset of the run that ids name, the holder's zset.
 * ARGV batch, lines, count, run, that other run, class, starts (words), now, fates, ids (words).
 * The number of messages open, and indices of the messages that are not the holder's: then nothing was done.
 */
export const DECIDE = script(`${PUT_BATCH}
if redis.call('HEXISTS', KEYS[1], 'lines') == 1 then return {${OPEN_MESSAGES}} end
local reply = {${OPEN_MESSAGES}}
local index = 0
for id in string.gmatch(ARGV[10], '%S+') do
  if not redis.call('ZSCORE', KEYS[4], id) then reply[#reply + 1] = index end
  index = index + 1
end
if #reply > 1 then return reply end
for id in string.gmatch(ARGV[10], '%S+') do
  redis.call('ZREM', KEYS[4], id)
  redis.call('HDEL', '${HELD_KEY}', id)
end
return {put(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8], ARGV[9])}`);

/**
 * Takes over messages of holders that are dead, the oldest of each first; the same call again brings the same messages and takes no more.
 * KEYS holder, its zset. ARGV holder, number of the call, messages at most. Ids and lines by turns; nil if the holder is dead itself.
 */
export const TAKE_OVER = script(`
local last = tonumber(redis.call('HGET', KEYS[1], 'call'))
if not last then return false end
local call = tonumber(ARGV[2])
if call < last then return {} end
local ids = {}
if call == last then
  for id in string.gmatch(redis.call('HGET', KEYS[1], 'ids') or '', '%S+') do ids[#ids + 1] = id end
else
  local left = tonumber(ARGV[3])
  for _, other in ipairs(redis.call('SMEMBERS', '${HOLDERS_KEY}')) do
    if left > 0 and redis.call('EXISTS', '${PREFIX}holder:' .. other) == 0 then
      local holds = '${PREFIX}holds:' .. other
      local found = redis.call('ZRANGE', holds, 0, left - 1, 'WITHSCORES')
      for at = 1, #found, 2 do
        redis.call('ZADD', KEYS[2], found[at + 1], found[at])
        redis.call('ZREM', holds, found[at])
        ids[#ids + 1] = found[at]
      end
      left = left - #found / 2
      if redis.call('EXISTS', holds) == 0 then redis.call('SREM', '${HOLDERS_KEY}', other) end
    end
  end
  redis.call('HSET', KEYS[1], 'call', call, 'ids', table.concat(ids, ' '))
  if #ids > 0 then redis.call('SADD', '${HOLDERS_KEY}', ARGV[1]) end
end
local reply = {}
for _, id in ipairs(ids) do
  local line = redis.call('HGET', '${HELD_KEY}', id)
  if line then
    reply[#reply + 1] = id
    reply[#reply + 1] = line
  end
end
return reply`);

/**
 * Makes a batch the worker's. KEYS batch, fate. ARGV token. Its lines, run, the run that ids name, fates, the how manieth take this is,
 * and whether all that is written was told of; nothing if it is at its end or gone.
 */
export const TAKE = script(`
if redis.call('HEXISTS', KEYS[1], 'lines') == 0 or redis.call('HEXISTS', KEYS[1], 'ended') == 1 then return {} end
redis.call('HSET', KEYS[1], 'owner', ARGV[1])
local takes = redis.call('HINCRBY', KEYS[1], 'takes', 1)
local batch = redis.call('HMGET', KEYS[1], 'lines', 'run', 'origin', 'told')
redis.call('HDEL', KEYS[1], 'told')
return {batch[1], batch[2], batch[3], redis.call('GET', KEYS[2]), takes, batch[4] and 1 or 0}`);

/**
 * Writes what became of messages, if the batch is still the worker's. KEYS batch, fate, stream of outcomes.
 * ARGV token, batch, patch (2 bytes of index and the fate, for each message), how long the stream may lie unread in ms. Whether it was.
 */
export const SETTLE = script(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
local patch = ARGV[3]
local over = 0
for at = 1, #patch, ${FATE_BYTES + 2} do
  local high, low, _, outcome = string.byte(patch, at, at + 3)
  local from = (high * 256 + low) * ${FATE_BYTES}
  if outcome ~= 0 and redis.call('GETRANGE', KEYS[2], from + 1, from + 1) == '\\0' then over = over + 1 end
  redis.call('SETRANGE', KEYS[2], from, string.sub(patch, at + 2, at + ${FATE_BYTES + 1}))
end
if over > 0 then
  redis.call('HINCRBY', KEYS[1], 'over', over)
  redis.call('DECRBY', '${OPEN_MESSAGES_KEY}', over)
end
redis.call('XADD', KEYS[3], '*', 'b', ARGV[2], 'p', patch)
redis.call('PEXPIRE', KEYS[3], ARGV[4])
return 1`);

/** Lets go of a batch that is not at its end. KEYS batch. ARGV token. */
export const RELEASE = script(`
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then redis.call('HDEL', KEYS[1], 'owner') end
return 1`);

/**
 * Lets go of a batch that is not at its end, of which all that is written was told. KEYS batch. ARGV token. Whether it was the worker's.
 */
export const PARK = script(`
if redis.call('HGET', KEYS[1], 'owner') == ARGV[1] then
  redis.call('HDEL', KEYS[1], 'owner')
  redis.call('HSET', KEYS[1], 'told', ARGV[1])
end
return redis.call('HGET', KEYS[1], 'told') == ARGV[1] and 1 or 0`);

/**
 * Ends a batch, if it is the worker's, and forgets the oldest ended ones. KEYS batch, stream of outcomes. ARGV token, batch, now, messages kept. Whether it is ended.
 */
export const FINISH = script(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return redis.call('HEXISTS', KEYS[1], 'ended') end
redis.call('HDEL', KEYS[1], 'owner')
redis.call('HSET', KEYS[1], 'ended', ARGV[3])
local count = tonumber(redis.call('HGET', KEYS[1], 'count'))
redis.call('XADD', KEYS[2], '*', 'b', ARGV[2], 'e', 1)
redis.call('DECRBY', '${OPEN_MESSAGES_KEY}', count - (redis.call('HGET', KEYS[1], 'over') or 0))
redis.call('ZADD', '${DONE_KEY}', ARGV[3], ARGV[2])
local kept = redis.call('INCRBY', '${DONE_MESSAGES_KEY}', count)
while kept > tonumber(ARGV[4]) do
  local oldest = redis.call('ZPOPMIN', '${DONE_KEY}')[1]
  if not oldest then break end
  local key = '${PREFIX}batch:' .. oldest
  local batch = redis.call('HMGET', key, 'count', 'origin', 'class', 'starts')
  kept = redis.call('DECRBY', '${DONE_MESSAGES_KEY}', batch[1])
  for start in string.gmatch(batch[4], '%S+') do
    redis.call('ZREM', '${PREFIX}run:' .. batch[2] .. ':' .. batch[3], start .. ' ' .. oldest)
  end
  redis.call('DEL', key, '${PREFIX}fate:' .. oldest)
end
return 1`);

/** One message. KEYS the zsets of its run. ARGV its sequence number, its id. Its line and its fate, or nothing. */
export const FIND = script(`
local held = redis.call('HGET', '${HELD_KEY}', ARGV[2])
if held then return {held, string.rep('\\0', ${FATE_BYTES})} end
for at = 1, #KEYS do
  local isLate = at == ${BatchClass.Late + 1}
  local found = redis.call('ZREVRANGEBYSCORE', KEYS[at], ARGV[1], isLate and ARGV[1] or '-inf', 'LIMIT', 0, 1)[1]
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

/**
 * Adds receipts to the spool in KEYS[1], the oldest of which go when there are too many. ARGV from `first` on: receipts kept, for how many
 * ms without a new one, receipts... How many went.
 */
const ADD_TO_SPOOL = `
local function spool(first)
  if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('XGROUP', 'CREATE', KEYS[1], '${SPOOL_GROUP}', '0', 'MKSTREAM') end
  local before = redis.call('XLEN', KEYS[1])
  for at = first + 2, #ARGV do redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[first], '*', 'r', ARGV[at]) end
  redis.call('PEXPIRE', KEYS[1], ARGV[first + 1])
  return before + #ARGV - first - 1 - redis.call('XLEN', KEYS[1])
end`;

/** Adds receipts to a spool. KEYS spool. ARGV receipts kept, for how many ms without a new one, receipts... How many went. */
export const SPOOL = script(`${ADD_TO_SPOOL}
return spool(1)`);

/**
 * Gives receipts of some spools to a reader, those of dead readers first; has him live. KEYS the reader's, spools...
 * ARGV reader, how long he lives in ms, receipts at most of each. Of each spool a list: ids and receipts by turns.
 */
export const READ_SPOOLS = script(`
redis.call('SET', KEYS[1], 1, 'PX', ARGV[2])
local reply = {}
for place = 2, #KEYS do
  local spool = KEYS[place]
  local list = {}
  local left = tonumber(ARGV[3])
  local function give(entries)
    for _, entry in ipairs(entries) do
      if entry and entry[2] then
        list[#list + 1] = entry[1]
        list[#list + 1] = entry[2][2]
        left = left - 1
      end
    end
  end
  if redis.call('EXISTS', spool) == 1 then
    local readers = redis.call('XPENDING', spool, '${SPOOL_GROUP}')[4]
    for _, reader in ipairs(readers or {}) do
      if left > 0 and reader[1] ~= ARGV[1] and redis.call('EXISTS', '${READER_PREFIX}' .. reader[1]) == 0 then
        local ids = {}
        for _, entry in ipairs(redis.call('XPENDING', spool, '${SPOOL_GROUP}', '-', '+', left, reader[1])) do ids[#ids + 1] = entry[1] end
        give(redis.call('XCLAIM', spool, '${SPOOL_GROUP}', ARGV[1], 0, unpack(ids)))
      end
    end
    if left > 0 then
      local read = redis.call('XREADGROUP', 'GROUP', '${SPOOL_GROUP}', ARGV[1], 'COUNT', left, 'STREAMS', spool, '>')
      if read then give(read[1][2]) end
    end
  end
  reply[#reply + 1] = list
end
return reply`);

/** Forgets receipts that were taken. KEYS spool. ARGV ids... */
export const TAKEN_FROM_SPOOL = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('XACK', KEYS[1], '${SPOOL_GROUP}', unpack(ARGV))
redis.call('XDEL', KEYS[1], unpack(ARGV))
if redis.call('XLEN', KEYS[1]) == 0 then redis.call('DEL', KEYS[1]) end
return 1`);

/** Gives receipts back for any reader to take. KEYS spool. ARGV ids... */
export const BACK_TO_SPOOL = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('XCLAIM', KEYS[1], '${SPOOL_GROUP}', '${FREE_READER}', 0, unpack(ARGV))
return 1`);

/**
 * Of texts that wait for their time, in the timetable whose key comes last: what is read, written and forgotten of one. Of those that do
 * not wait any more, so many are remembered.
 */
const TIMED = `
local timed = KEYS[#KEYS]
local due, taken = timed .. ':due', timed .. ':taken'
local function read(id)
  local found = redis.call('HGET', timed, id)
  if not found then return nil end
  local length, from = string.match(found, '^(%d+):()')
  return string.sub(found, from, from + length - 1), string.sub(found, from + length)
end
local function write(id, name, at, text)
  redis.call('HSET', timed, id, #name .. ':' .. name .. text)
  redis.call('ZADD', due, at, id)
end
local function forget(id)
  local name = read(id)
  if name then redis.call('SREM', timed .. ':of:' .. name, id) end
  redis.call('HDEL', timed, id)
end
local function remember(id, what, most)
  if tonumber(most) == 0 or not what then return end
  redis.call('HSET', timed .. ':past', id, what)
  if redis.call('RPUSH', timed .. ':past:ids', id) > tonumber(most) then
    redis.call('HDEL', timed .. ':past', redis.call('LPOP', timed .. ':past:ids'))
  end
end
local function waits(id) return redis.call('ZSCORE', due, id) end`;

/** KEYS timetable. ARGV name, time, how many there may be of all and of the name; ids and texts by turns. Whether there was room for all. */
export const ADD_TIMED = script(`${TIMED}
local of = timed .. ':of:' .. ARGV[1]
local count = (#ARGV - 4) / 2
if redis.call('HLEN', timed) + count > tonumber(ARGV[3]) or redis.call('SCARD', of) + count > tonumber(ARGV[4]) then return 0 end
for at = 5, #ARGV, 2 do
  write(ARGV[at], ARGV[1], ARGV[2], ARGV[at + 1])
  redis.call('SADD', of, ARGV[at])
end
return 1`);

/** KEYS timetable. ARGV id. Its name and text if it waits. */
export const FIND_TIMED = script(`${TIMED}
if not waits(ARGV[1]) then return {} end
return {read(ARGV[1])}`);

/**
 * One whether it waits or not. KEYS what says that it was sent, timetable. ARGV id. Its text, if it is there; what is remembered of it; what
 * says that it was sent.
 */
export const RECALL_TIMED = script(`${TIMED}
local _, text = read(ARGV[1])
return {text or '', redis.call('HGET', timed .. ':past', ARGV[1]) or '', redis.call('GET', KEYS[1]) or ''}`);

/** KEYS timetable. ARGV name. Ids and texts, by turns, of those that wait. */
export const LIST_TIMED = script(`${TIMED}
local reply = {}
for _, id in ipairs(redis.call('SMEMBERS', timed .. ':of:' .. ARGV[1])) do
  if waits(id) then
    local _, text = read(id)
    reply[#reply + 1] = id
    reply[#reply + 1] = text or ''
  end
end
return reply`);

/** KEYS timetable. ARGV id, name, time, text. Whether it waited. */
export const REPLACE_TIMED = script(`${TIMED}
if not waits(ARGV[1]) then return 0 end
write(ARGV[1], ARGV[2], ARGV[3], ARGV[4])
return 1`);

/**
 * KEYS spool, timetable. ARGV id, how many are remembered, what of this one; what `spool` is given, if there is a receipt. Whether it
 * waited.
 */
export const CANCEL_TIMED = script(`${TIMED}${ADD_TO_SPOOL}
if redis.call('ZREM', due, ARGV[1]) == 0 then return 0 end
forget(ARGV[1])
remember(ARGV[1], ARGV[3], ARGV[2])
if ARGV[4] then spool(4) end
return 1`);

/** KEYS timetable. ARGV now, until when they are the caller's, how many at most. How many there are, and of each taken id, name and text. */
export const TAKE_TIMED = script(`${TIMED}
local reply = {redis.call('HLEN', timed)}
local left = tonumber(ARGV[3])
for _, key in ipairs({taken, due}) do
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[1], 'LIMIT', 0, left)) do
    local name, text = read(id)
    redis.call('ZREM', key, id)
    if name then
      redis.call('ZADD', taken, ARGV[2], id)
      reply[#reply + 1] = id
      reply[#reply + 1] = name
      reply[#reply + 1] = text
      left = left - 1
    end
  end
end
return reply`);

/**
 * Ends one that was taken, if it is still the caller's. KEYS spool, what says that it was sent, timetable. ARGV id, until when it was the
 * caller's, for how many ms it is known that it was sent; what says that it was not, or nothing if it was; how many are remembered, and what
 * of this one if it was not sent; what `spool` is given, if there is a receipt. Whether it ended so: another may have sent it, and then
 * there is nothing to tell.
 */
export const END_TIMED = script(`${TIMED}${ADD_TO_SPOOL}
if tonumber(redis.call('ZSCORE', taken, ARGV[1]) or 0) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', taken, ARGV[1])
forget(ARGV[1])
local isRefused = ARGV[4] ~= '' and redis.call('SET', KEYS[2], ARGV[4], 'NX', 'PX', ARGV[3])
if isRefused then
  remember(ARGV[1], ARGV[6], ARGV[5])
  if ARGV[7] then spool(7) end
  return 1
end
local sentAs = redis.call('GET', KEYS[2])
remember(ARGV[1], sentAs and '=' .. string.gsub(sentAs, ' +$', ''), ARGV[5])
return ARGV[4] == '' and 1 or 0`);

/**
 * Writes pairs down that opted out, or back in; done twice it changes nothing.
 * KEYS OPT_OUT_KEYS. ARGV a name in case there is none, whether they are out, pairs there may be, pairs back in that are remembered, pairs...
 * Whether there was room.
 */
export const CHANGE_OPT_OUTS = script(`
redis.call('HSETNX', KEYS[3], 'name', ARGV[1])
local function change() return redis.call('HINCRBY', KEYS[3], 'changes', 1) end
if ARGV[2] == '1' then
  local fresh = {}
  for at = 5, #ARGV do
    if not redis.call('ZSCORE', KEYS[1], ARGV[at]) then fresh[#fresh + 1] = ARGV[at] end
  end
  if redis.call('ZCARD', KEYS[1]) + #fresh > tonumber(ARGV[3]) then return 0 end
  for _, pair in ipairs(fresh) do
    redis.call('ZADD', KEYS[1], change(), pair)
    redis.call('ZREM', KEYS[2], pair)
  end
  return 1
end
for at = 5, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[at]) == 1 then redis.call('ZADD', KEYS[2], change(), ARGV[at]) end
end
while redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[4]) do
  redis.call('HSET', KEYS[3], 'forgotten', redis.call('ZPOPMIN', KEYS[2])[2])
end
return 1`);

/**
 * What has changed. KEYS OPT_OUT_KEYS. ARGV name known, change up to which all is known, change before which nothing may be forgotten, pairs
 * at most of each kind. Name, changes there were, change up to which this tells, whether it tells of all from the first on and nothing that
 * was known is to be gone by; pairs out, pairs back in.
 */
export const READ_OPT_OUTS = script(`
local state = redis.call('HMGET', KEYS[3], 'name', 'changes', 'forgotten')
local name, changes, forgotten = state[1] or '', tonumber(state[2] or 0), tonumber(state[3] or 0)
local known = tonumber(ARGV[2])
local isAnew = name ~= ARGV[1] or forgotten > tonumber(ARGV[3]) or known > changes
if isAnew then known = 0 end
local upTo = changes
local function since(key)
  local found = redis.call('ZRANGEBYSCORE', key, '(' .. known, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[4])
  if #found == 2 * ARGV[4] then upTo = math.min(upTo, tonumber(found[#found])) end
  local list = {}
  for at = 1, #found, 2 do list[#list + 1] = found[at] end
  return list
end
local out, back = since(KEYS[1]), since(KEYS[2])
return {name, changes, upTo, isAnew and 1 or 0, out, back}`);

/**
 * Changes fields of a record, if all are as the caller knows them. KEYS record, latest, state. ARGV a name in case there is none, how many of
 * the latest are known; then for each field its name, its text as known and as it is to be, which are empty for none. Whether they were.
 */
export const CHANGE_FIELDS = script(`
for at = 3, #ARGV, 3 do
  if (redis.call('HGET', KEYS[1], ARGV[at]) or '') ~= ARGV[at + 1] then return 0 end
end
redis.call('HSETNX', KEYS[3], 'name', ARGV[1])
for at = 3, #ARGV, 3 do
  if ARGV[at + 2] == '' then redis.call('HDEL', KEYS[1], ARGV[at]) else redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 2]) end
  redis.call('RPUSH', KEYS[2], ARGV[at])
  redis.call('HINCRBY', KEYS[3], 'changes', 1)
end
redis.call('LTRIM', KEYS[2], -ARGV[2], -1)
return 1`);

/**
 * What has changed in a record. KEYS record, latest, state. ARGV name known, change up to which all is known. Name, change up to which this
 * tells, whether it tells of all fields there are; fields and texts by turns, which are empty for none.
 */
export const READ_FIELDS = script(`
local state = redis.call('HMGET', KEYS[3], 'name', 'changes')
local name, changes = state[1] or '', tonumber(state[2] or 0)
local missed = changes - tonumber(ARGV[2])
if name ~= ARGV[1] or missed < 0 or missed > redis.call('LLEN', KEYS[2]) then
  return {name, changes, 1, redis.call('HGETALL', KEYS[1])}
end
local list = {}
if missed > 0 then
  for _, field in ipairs(redis.call('LRANGE', KEYS[2], -missed, -1)) do
    list[#list + 1] = field
    list[#list + 1] = redis.call('HGET', KEYS[1], field) or ''
  end
end
return {name, changes, 0, list}`);

/** Gives somebody an errand that nobody else has. KEYS errand. ARGV who, for how many ms. Whether it is his. */
export const TAKE_ERRAND = script(`
local whose = redis.call('GET', KEYS[1])
if whose and whose ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`);
