/**
 * The scripts that Redis runs. Each is given all its keys, of one slot; changes of a shard and their entry in its stream
 * are made by one run, and everything that could fail is asked for before anything is written.
 *
 * Bytes are taken apart and put together by `byte`, `char` and `sub`: keys need 34 bits, where the bit library has 32.
 * Moments and sequence numbers are exact, being far below 2^53, but must be written with %.0f: the default rounds to 14
 * digits. Strings are never compared by order, which would depend on the locale of the server.
 */
import { createHash } from 'node:crypto';
import { MOMENT_MAX, NNIDS_MAX, NOTICE_LIFE_MS } from '../registry-store.ts';
import { HANDLE_MAX } from '../number-index.ts';
import {
  ANSWER_STATUS,
  BUCKET_NUMBERS,
  ENTRY_BYTES,
  INTERVAL_BYTES,
  MOST_MAX,
  NOTICE_BYTES,
  REQUEST_BYTES,
  REQUEST_KINDS,
  SCRAMBLE_FACTOR,
  SCRAMBLE_MODULUS,
} from './layout.ts';

export interface Script {
  readonly body: string;
  readonly sha: string;
}

/** Errors that scripts answer with, by their first word. */
export const OTHER_EPOCH = 'OTHEREPOCH';
export const NO_ROOM = 'NOROOM';

/** Work of one run of `SETTLE`; some milliseconds. */
const SETTLE_MAX = 500;

const BYTES = `
local byte, char, sub, floor = string.byte, string.char, string.sub, math.floor
local function int3(s, at)
  local a, b, c = byte(s, at, at + 2)
  return (a * 256 + b) * 256 + c
end
local function int4(s, at)
  local a, b, c, d = byte(s, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end
local function int5(s, at)
  return byte(s, at) * 4294967296 + int4(s, at + 1)
end
local function int6(s, at)
  return int3(s, at) * 16777216 + int3(s, at + 3)
end
local function bytes3(n)
  return char(floor(n / 65536), floor(n / 256) % 256, n % 256)
end
local function bytes4(n)
  return char(floor(n / 16777216)) .. bytes3(n % 16777216)
end
local function bytes6(n)
  return bytes3(floor(n / 16777216)) .. bytes3(n % 16777216)
end
local function digits(n)
  return string.format('%.0f', n)
end
`;

/** Where a number is: its bucket, and its entry there. */
const BUCKETS = `
local function lowerPower(n)
  local power = 1
  while power * 2 <= n do power = power * 2 end
  return power
end
local function placeOf(key, shards)
  return floor((key * ${SCRAMBLE_FACTOR}) % ${SCRAMBLE_MODULUS} / shards)
end
local function bucketOf(place, buckets, power)
  local bucket = place % (2 * power)
  if bucket >= buckets then return bucket - power end
  return bucket
end
-- By the last four bytes of the key: the first is nearly always the same, and zero bytes are everywhere.
local function find(value, key)
  local low, high = sub(key, 2), byte(key)
  local at = string.find(value, low, 1, true)
  while at and (at % ${ENTRY_BYTES} ~= 2 or byte(value, at - 1) ~= high) do
    at = string.find(value, low, at + 1, true)
  end
  return at and at - 1
end
local function readBuckets(numbers, wanted, values)
  if #wanted == 0 then return end
  local read = redis.call('HMGET', numbers, unpack(wanted))
  for i, bucket in ipairs(wanted) do values[bucket] = read[i] or '' end
end
local function withoutFlag(entry)
  return sub(entry, 1, 5) .. char(byte(entry, 6) % 128) .. sub(entry, 7)
end
local function withFlag(entry)
  return sub(entry, 1, 5) .. char(byte(entry, 6) + 128) .. sub(entry, 7)
end
`;

/** Id below which entries of a stream are trimmed. ARGV gives how many milliseconds they are kept. */
const RETENTION = `
local function oldestKept(retention)
  local time = redis.call('TIME')
  return digits(math.max(0, time[1] * 1000 + floor(time[2] / 1000) - retention))
end
`;

const NOTICES = `
local function orderOf(key, item)
  return sub(item, 1, 2) .. bytes6(${MOMENT_MAX} - int6(item, 7)) .. key
end
local function findNotice(list, row)
  for at = 1, #list, ${NOTICE_BYTES} do
    if sub(list, at, at + 1) == row then return at end
  end
end
`;

/**
 * Applies changes to one shard.
 * KEYS: meta, numbers, pending, counts, notices, notice-order, feed, history.
 * ARGV: epoch, fence, shards, now (6 bytes), requests, whether history is kept, retention in ms.
 * Answers { seq, answers }.
 */
export const APPLY = script(`${BYTES}${BUCKETS}${RETENTION}${NOTICES}
local metaKey, numbersKey, pendingKey, countsKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local noticesKey, orderKey, feedKey, historyKey = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local meta = redis.call('HMGET', metaKey, 'epoch', 'seq', 'count', 'buckets', 'fence')
if meta[1] ~= ARGV[1] then return redis.error_reply('${OTHER_EPOCH} the registry was emptied or replaced') end
local seq, count, buckets = tonumber(meta[2]), tonumber(meta[3]), tonumber(meta[4])
local isFenced = meta[5] ~= ARGV[2]
local shards, now, requests = tonumber(ARGV[3]), ARGV[4], ARGV[5]
local keepsHistory = ARGV[6] == '1'
local nowMs = int6(now, 1)
-- A key of another kind fails here, before anything is written.
redis.call('ZCARD', pendingKey)
redis.call('STRLEN', countsKey)
redis.call('ZCARD', orderKey)
local hasNotices = redis.call('HLEN', noticesKey) > 0

local values, dirty, wanted, bucketBy = {}, {}, {}, {}
local power = lowerPower(buckets)
for at = 1, #requests, ${REQUEST_BYTES} do
  local bucket = bucketOf(placeOf(int5(requests, at + 1), shards), buckets, power)
  bucketBy[at] = bucket
  if not values[bucket] then
    values[bucket] = ''
    wanted[#wanted + 1] = bucket
  end
end
readBuckets(numbersKey, wanted, values)

-- What is to be written, by entry, campaign and key.
local moments, deltas, bases, lists, pasts = {}, {}, {}, {}, {}
local function addTo(campaign, by)
  deltas[campaign] = (deltas[campaign] or 0) + by
end
local function baseOf(campaign)
  local base = bases[campaign]
  if not base then
    local stored = redis.call('GETRANGE', countsKey, campaign * 4, campaign * 4 + 3)
    base = #stored == 4 and int4(stored, 1) or 0
    bases[campaign] = base
  end
  return base
end
local function momentOf(entry)
  local moment = moments[entry]
  if moment == nil then moment = tonumber(redis.call('ZSCORE', pendingKey, entry) or 0) end
  return bytes6(moment or 0)
end
local orderAdded = {}
local function listOf(key)
  local list = lists[key]
  if not list then
    list = hasNotices and redis.call('HGET', noticesKey, key) or ''
  end
  return list
end
local function dropNotice(key, row)
  local list = listOf(key)
  local at = findNotice(list, row)
  if not at then return end
  orderAdded[orderOf(key, sub(list, at, at + ${NOTICE_BYTES - 1}))] = false
  lists[key] = sub(list, 1, at - 1) .. sub(list, at + ${NOTICE_BYTES})
end
local function dropNotices(key)
  local list = listOf(key)
  if list == '' then return end
  for at = 1, #list, ${NOTICE_BYTES} do orderAdded[orderOf(key, sub(list, at, at + ${NOTICE_BYTES - 1}))] = false end
  lists[key] = ''
end
local function postNotice(key, row, reason, campaign)
  dropNotice(key, row)
  local item = row .. char(reason) .. campaign .. now
  orderAdded[orderOf(key, item)] = true
  lists[key] = listOf(key) .. item
end
local LASTS = string.rep('\\255', 6)
local function pastOf(key)
  local past = pasts[key]
  if not past then past = redis.call('HGET', historyKey, key) or '' end
  return past
end
local function endLast(key)
  local past = pastOf(key)
  local at = #past - ${INTERVAL_BYTES - 1}
  if past ~= '' and sub(past, at + 11) == LASTS then
    if int6(past, at + 5) < nowMs then
      past = sub(past, 1, at + 10) .. now
    else
      past = sub(past, 1, at - 1)
    end
  end
  pasts[key] = past
end
local function begin(key, who, from)
  local past = pasts[key]
  local at = #past - ${INTERVAL_BYTES - 1}
  if past ~= '' and sub(past, at, at + 4) == who and sub(past, at + 11) == from then
    pasts[key] = sub(past, 1, at + 10) .. LASTS
  else
    pasts[key] = past .. who .. from .. LASTS
  end
end

local NOTHING = string.rep('\\0', ${ENTRY_BYTES + 6})
local NOT_PENDING = string.rep('\\0', 6)
local REMOVED = string.rep('\\255', 3) .. string.rep('\\0', 8)
local answers, feed, stopped = {}, {}, {}
for at = 1, #requests, ${REQUEST_BYTES} do
  local kind, key = byte(requests, at), sub(requests, at + 1, at + 5)
  local status, previous = ${ANSWER_STATUS.none}, NOTHING
  if stopped[key] or (isFenced and kind == ${REQUEST_KINDS.limitedSet}) then
    -- Later changes of the number must not overtake this one.
    stopped[key] = true
    status = ${ANSWER_STATUS.fenced}
  else
    local bucket = bucketBy[at]
    local value = values[bucket]
    local place = find(value, key)
    local entry, had, hadRow, hadFlag
    if place then
      entry = sub(value, place, place + ${ENTRY_BYTES - 1})
      hadFlag = byte(entry, 6) >= 128
      local plain = hadFlag and withoutFlag(entry) or entry
      had, hadRow = int3(plain, 6), sub(plain, 9)
      previous = plain .. (hadFlag and momentOf(entry) or NOT_PENDING)
      status = ${ANSWER_STATUS.found}
    end
    local row = sub(requests, at + 9, at + 10)
    if kind <= ${REQUEST_KINDS.limitedSet} then
      local campaign = int3(requests, at + 6)
      local isMove = had ~= campaign
      local most = int4(requests, at + 17)
      if isMove and kind == ${REQUEST_KINDS.limitedSet} and most < ${MOST_MAX}
        and baseOf(campaign) + (deltas[campaign] or 0) >= most then
        status, previous = ${ANSWER_STATUS.numberLimit}, NOTHING
      else
        local moment = sub(requests, at + 11, at + 16)
        local isPending = moment ~= NOT_PENDING
        local new = sub(requests, at + 1, at + 10)
        if hadFlag then moments[entry] = false end
        if isPending then
          new = withFlag(new)
          moments[new] = int6(moment, 1)
        end
        if place then
          values[bucket] = sub(value, 1, place - 1) .. new .. sub(value, place + ${ENTRY_BYTES})
        else
          values[bucket] = value .. new
          count = count + 1
        end
        dirty[bucket] = true
        if isMove then
          if had then addTo(had, -1) end
          addTo(campaign, 1)
        end
        dropNotice(key, row)
        if hadRow and hadRow ~= row then postNotice(key, hadRow, 0, bytes3(had)) end
        if keepsHistory then
          endLast(key)
          begin(key, sub(requests, at + 6, at + 10), isPending and moment or now)
        end
        feed[#feed + 1] = sub(requests, at + 1, at + 16)
      end
    elseif kind == ${REQUEST_KINDS.fail} then
      postNotice(key, row, byte(requests, at + 20), sub(requests, at + 6, at + 8))
    elseif not place then
      status = ${ANSWER_STATUS.notRegistered}
      if kind == ${REQUEST_KINDS.removeAny} then dropNotices(key) else dropNotice(key, row) end
    elseif kind == ${REQUEST_KINDS.remove} and row ~= hadRow then
      status, previous = ${ANSWER_STATUS.otherNnid}, NOTHING
    else
      values[bucket] = sub(value, 1, place - 1) .. sub(value, place + ${ENTRY_BYTES})
      dirty[bucket] = true
      count = count - 1
      if hadFlag then moments[entry] = false end
      addTo(had, -1)
      dropNotices(key)
      if keepsHistory then endLast(key) end
      feed[#feed + 1] = key .. REMOVED
    end
  end
  answers[#answers + 1] = char(status) .. previous
end

-- First, since it is what Redis refuses when its memory is full, or the stream is none.
if #feed > 0 then
  seq = seq + 1
  redis.call('XADD', feedKey, 'MINID', '=', oldestKept(tonumber(ARGV[7])), '*', 'n', digits(seq), 'd', table.concat(feed))
end
while count > buckets * ${BUCKET_NUMBERS} do
  power = lowerPower(buckets)
  local source = buckets - power
  local value = values[source] or redis.call('HGET', numbersKey, source) or ''
  local stay, move = {}, {}
  for at = 1, #value, ${ENTRY_BYTES} do
    local entry = sub(value, at, at + ${ENTRY_BYTES - 1})
    local list = placeOf(int5(entry, 1), shards) % (2 * power) == source and stay or move
    list[#list + 1] = entry
  end
  values[source], values[buckets] = table.concat(stay), table.concat(move)
  dirty[source], dirty[buckets] = true, true
  buckets = buckets + 1
end
local filled, emptied = {}, {}
for bucket in pairs(dirty) do
  if values[bucket] == '' then
    emptied[#emptied + 1] = bucket
  else
    filled[#filled + 1] = bucket
    filled[#filled + 1] = values[bucket]
  end
end
if #filled > 0 then redis.call('HSET', numbersKey, unpack(filled)) end
if #emptied > 0 then redis.call('HDEL', numbersKey, unpack(emptied)) end
for entry, moment in pairs(moments) do
  if moment then redis.call('ZADD', pendingKey, digits(moment), entry) else redis.call('ZREM', pendingKey, entry) end
end
for campaign, delta in pairs(deltas) do
  if delta ~= 0 then redis.call('SETRANGE', countsKey, campaign * 4, bytes4(baseOf(campaign) + delta)) end
end
for key, list in pairs(lists) do
  if list == '' then redis.call('HDEL', noticesKey, key) else redis.call('HSET', noticesKey, key, list) end
end
for order, isAdded in pairs(orderAdded) do
  if isAdded then redis.call('ZADD', orderKey, 0, order) else redis.call('ZREM', orderKey, order) end
end
for key, past in pairs(pasts) do
  if past == '' then redis.call('HDEL', historyKey, key) else redis.call('HSET', historyKey, key, past) end
end
redis.call('HSET', metaKey, 'seq', digits(seq), 'count', digits(count), 'buckets', digits(buckets))
return {seq, table.concat(answers)}`);

/**
 * KEYS: meta, numbers, pending. ARGV: shards, numbers of 5 bytes. Answers an answer for each.
 */
export const READ = script(`${BYTES}${BUCKETS}
local shards, keys = tonumber(ARGV[1]), ARGV[2]
local buckets = tonumber(redis.call('HGET', KEYS[1], 'buckets') or 1)
local power = lowerPower(buckets)
local values, wanted, bucketBy = {}, {}, {}
for at = 1, #keys, 5 do
  local bucket = bucketOf(placeOf(int5(keys, at), shards), buckets, power)
  bucketBy[at] = bucket
  if not values[bucket] then
    values[bucket] = ''
    wanted[#wanted + 1] = bucket
  end
end
readBuckets(KEYS[2], wanted, values)
local answers = {}
for at = 1, #keys, 5 do
  local value = values[bucketBy[at]]
  local place = find(value, sub(keys, at, at + 4))
  if place then
    local entry = sub(value, place, place + ${ENTRY_BYTES - 1})
    local moment = 0
    if byte(entry, 6) >= 128 then
      moment = tonumber(redis.call('ZSCORE', KEYS[3], entry) or 0)
      entry = withoutFlag(entry)
    end
    answers[#answers + 1] = '\\${ANSWER_STATUS.found}' .. entry .. bytes6(moment)
  else
    answers[#answers + 1] = string.rep('\\0', ${ENTRY_BYTES + 7})
  end
end
return table.concat(answers)`);

/**
 * Does a bounded part of what is due in one shard, and trims its stream.
 * KEYS: meta, numbers, pending, notices, notice-order, feed. ARGV: shards, now, retention in ms, NNID row to go on from.
 * Answers the row to go on from, or -1 when all is done.
 */
export const SETTLE = script(`${BYTES}${BUCKETS}${RETENTION}${NOTICES}
local shards, nowMs, row = tonumber(ARGV[1]), int6(ARGV[2], 1), tonumber(ARGV[4])
redis.call('XTRIM', KEYS[6], 'MINID', '=', oldestKept(tonumber(ARGV[3])))
local due = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', digits(nowMs), 'LIMIT', 0, ${SETTLE_MAX})
if #due > 0 then
  local buckets = tonumber(redis.call('HGET', KEYS[1], 'buckets'))
  local power = lowerPower(buckets)
  local values, wanted, bucketBy = {}, {}, {}
  for i, entry in ipairs(due) do
    local bucket = bucketOf(placeOf(int5(entry, 1), shards), buckets, power)
    bucketBy[i] = bucket
    if not values[bucket] then
      values[bucket] = ''
      wanted[#wanted + 1] = bucket
    end
  end
  readBuckets(KEYS[2], wanted, values)
  for i, entry in ipairs(due) do
    local value = values[bucketBy[i]]
    local place = find(value, sub(entry, 1, 5))
    values[bucketBy[i]] = sub(value, 1, place - 1) .. withoutFlag(entry) .. sub(value, place + ${ENTRY_BYTES})
  end
  for bucket, value in pairs(values) do redis.call('HSET', KEYS[2], bucket, value) end
  redis.call('ZREM', KEYS[3], unpack(due))
  if #due == ${SETTLE_MAX} then return row end
end

local over = bytes6(${MOMENT_MAX} - math.max(0, nowMs - ${NOTICE_LIFE_MS}))
for _ = 1, ${SETTLE_MAX} do
  local rowBytes = char(floor(row / 256), row % 256)
  local first = redis.call('ZRANGEBYLEX', KEYS[5], '[' .. rowBytes, '+', 'LIMIT', 0, 1)[1]
  if not first or nowMs < ${NOTICE_LIFE_MS} then return -1 end
  rowBytes = sub(first, 1, 2)
  row = byte(first, 1) * 256 + byte(first, 2)
  local gone = redis.call('ZRANGEBYLEX', KEYS[5], '[' .. rowBytes .. over, '(' .. rowBytes .. string.rep('\\255', 12),
    'LIMIT', 0, ${SETTLE_MAX})
  for _, order in ipairs(gone) do
    local key = sub(order, 9)
    local list = redis.call('HGET', KEYS[4], key)
    local at = findNotice(list, rowBytes)
    list = sub(list, 1, at - 1) .. sub(list, at + ${NOTICE_BYTES})
    if list == '' then redis.call('HDEL', KEYS[4], key) else redis.call('HSET', KEYS[4], key, list) end
    redis.call('ZREM', KEYS[5], order)
  end
  if #gone == ${SETTLE_MAX} then return row end
  row = row + 1
  if row >= ${NNIDS_MAX} then return -1 end
end
return row`);

/**
 * Notices of one shard for an NNID, newest first. KEYS: notices, notice-order. ARGV: row (2 bytes), now, limit.
 * Answers | key 5 | notice 12 | of each.
 */
export const NOTICES_OF_ROW = script(`${BYTES}${NOTICES}
local row, nowMs = ARGV[1], int6(ARGV[2], 1)
local stop = '(' .. row .. (nowMs < ${NOTICE_LIFE_MS} and string.rep('\\255', 12)
  or bytes6(${MOMENT_MAX} - (nowMs - ${NOTICE_LIFE_MS})))
local found = {}
for i, order in ipairs(redis.call('ZRANGEBYLEX', KEYS[2], '[' .. row, stop, 'LIMIT', 0, ARGV[3])) do
  local key = sub(order, 9)
  local list = redis.call('HGET', KEYS[1], key)
  local at = findNotice(list, row)
  found[i] = key .. sub(list, at, at + ${NOTICE_BYTES - 1})
end
return table.concat(found)`);

/** Numbers of each campaign in one shard. KEYS: counts. ARGV: handles of 3 bytes. Answers 4 bytes for each. */
export const COUNTS = script(`${BYTES}
local counts = {}
for at = 1, #ARGV[1], 3 do
  local campaign = int3(ARGV[1], at)
  local stored = redis.call('GETRANGE', KEYS[1], campaign * 4, campaign * 4 + 3)
  counts[#counts + 1] = #stored == 4 and stored or '\\0\\0\\0\\0'
end
return table.concat(counts)`);

/** KEYS: locks. ARGV: token, then handles. Takes those that are free; answers handle and holder of each that is not. */
export const LOCK = script(`
local held = {}
for i = 2, #ARGV do
  if redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[1]) == 0 then
    held[#held + 1] = ARGV[i]
    held[#held + 1] = redis.call('HGET', KEYS[1], ARGV[i])
  end
end
return held`);

/** KEYS: locks. ARGV: token, then handles, of which it frees those the token holds. */
export const UNLOCK = script(`
for i = 2, #ARGV do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[1] then redis.call('HDEL', KEYS[1], ARGV[i]) end
end`);

/**
 * Makes sure that what a meta key belongs to has begun.
 * KEYS: meta. ARGV: an epoch to begin with, then fields and values to begin with. Answers all fields and values there are.
 */
export const BEGIN = script(`
if redis.call('HSETNX', KEYS[1], 'epoch', ARGV[1]) == 1 then redis.call('HSET', KEYS[1], unpack(ARGV, 2)) end
return redis.call('HGETALL', KEYS[1])`);

/** Adds or replaces campaigns. KEYS: meta, campaigns, feed. ARGV: epoch, retention in ms, then ids and records. Answers handles. */
export const PUBLISH_CAMPAIGNS = script(`${BYTES}${RETENTION}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if meta[1] ~= ARGV[1] then return redis.error_reply('${OTHER_EPOCH} the registry was emptied or replaced') end
local count = redis.call('HLEN', KEYS[2])
local handles, new, entry = {}, {}, {}
for i = 3, #ARGV, 2 do
  local id = ARGV[i]
  local known = new[id]
  if not known then
    local value = redis.call('HGET', KEYS[2], id)
    known = value and tonumber(string.match(value, '^%d+'))
  end
  if not known then
    known, count = count, count + 1
    if known > ${HANDLE_MAX} then return redis.error_reply('${NO_ROOM} the registry is full of campaigns') end
  end
  new[id] = known
  handles[#handles + 1] = known
  entry[#entry + 1] = id
  entry[#entry + 1] = known .. ' ' .. ARGV[i + 1]
end
local seq = tonumber(meta[2]) + 1
redis.call('XADD', KEYS[3], 'MINID', '=', oldestKept(tonumber(ARGV[2])), '*', 'n', digits(seq), unpack(entry))
redis.call('HSET', KEYS[2], unpack(entry))
redis.call('HSET', KEYS[1], 'seq', digits(seq))
return handles`);

/** Adds or replaces terms. KEYS: meta, terms, feed. ARGV: epoch, retention in ms, then campaign ids and terms. */
export const PUBLISH_TERMS = script(`${BYTES}${RETENTION}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if meta[1] ~= ARGV[1] then return redis.error_reply('${OTHER_EPOCH} the registry was emptied or replaced') end
redis.call('HLEN', KEYS[2])
local seq = tonumber(meta[2]) + 1
local entry = {unpack(ARGV, 3)}
redis.call('XADD', KEYS[3], 'MINID', '=', oldestKept(tonumber(ARGV[2])), '*', 'n', digits(seq), unpack(entry))
redis.call('HSET', KEYS[2], unpack(entry))
redis.call('HSET', KEYS[1], 'seq', digits(seq))`);

/** KEYS: meta, nnids. ARGV: epoch, then NNIDs. Answers their rows. */
export const NNID_ROWS = script(`
if redis.call('HGET', KEYS[1], 'epoch') ~= ARGV[1] then
  return redis.error_reply('${OTHER_EPOCH} the registry was emptied or replaced')
end
local count = redis.call('HLEN', KEYS[2])
local rows, new = {}, {}
for i = 2, #ARGV do
  local row = new[ARGV[i]] or tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or '')
  if not row then
    row, count = count, count + 1
    if row >= ${NNIDS_MAX} then return redis.error_reply('${NO_ROOM} the registry is full of NNIDs') end
    new[ARGV[i]] = row
  end
  rows[#rows + 1] = row
end
for nnid, row in pairs(new) do redis.call('HSET', KEYS[2], nnid, row) end
return rows`);

/** Trims a stream that belongs to no shard. KEYS: feed. ARGV: retention in ms. */
export const TRIM = script(`${BYTES}${RETENTION}
redis.call('XTRIM', KEYS[1], 'MINID', '=', oldestKept(tonumber(ARGV[1])))`);

function script(body: string): Script {
  return { body, sha: createHash('sha1').update(body).digest('hex') };
}
