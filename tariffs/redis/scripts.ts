/**
 * The scripts that Redis runs for shared limits. Each is given all its keys, of one slot, and takes the time from Redis alone.
 *
 * Numbers are whole and below 2^53. They are written with %.0f: Lua's own way rounds to 14 digits.
 */
import { createHash } from 'node:crypto';
import { DAY_REFRESH_MS, LEASE_MS, LeaseKind } from '../limits/leased-units.ts';

export interface Script {
  readonly body: string;
  readonly sha: string;
}

/** How long a level's lease outlives its use: the longest a message may be in flight, so that none is forgotten before it ends. */
const LEVEL_DRAIN_MS = 20_000;
/** How long a gateway's last call is remembered. Money that it held for twice as long is lost. */
const SESSION_MS = 3_600_000;
/** And of one that has ended: copies of its calls that are still on their way must not begin it anew. */
const ENDED_SESSION_MS = 60_000;
/** How long a reference is remembered by which money was paid in. */
const CREDIT_MS = 30 * 86_400_000;
/** How long the count of a day is kept after its end, for a clock that is set back. */
const DAY_KEPT_MS = 86_400_000;
/** How long a gateway's units of a day are thought to come back although nothing is heard of it. */
const DAY_OUT_MS = 2 * DAY_REFRESH_MS;
const SPARE_MS = 1_000;

/** What DRAW answers when a call is none that it waits for: the session has to begin anew. */
export const RESET = 'reset';
/** Waits with a meaning of their own. */
export const WAIT_FOR_EVER = -1;
export const OTHER_DAY = -2;
export const HELD_BY_OTHERS = -3;

const TIME = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function digits(n) return string.format('%.0f', n) end
local function lease(value)
  local units, till = string.match(value, '^(%d+) (%d+)')
  return tonumber(units), tonumber(till)
end
`;

/**
 * Draws, renews and returns leases.
 *
 * KEYS: session, then quotas. ARGV: number of the call, from 1; session; gateways alive; 1 if it is the session's last;
 * then for each quota "kind cap p1 p2 p3 spent extra back need waiting want" (`leaseLine`).
 * Answers "now", then " units room wait" for each: units held for this session (of a day: granted just now), units left for
 * anybody, milliseconds to wait if the need was not met.
 *
 * A call is done once: the last one is answered again from memory, any other that is not the next with RESET.
 */
export const DRAW = script(`${TIME}
local n = tonumber(ARGV[1])
local last = redis.call('HMGET', KEYS[1], 'n', 'reply')
local done = tonumber(last[1] or '0')
if done == n then return last[2] end
if done ~= n - 1 then return '${RESET}' end

local me = 'g' .. ARGV[2]
local parts = 2 * tonumber(ARGV[3])

-- For messages to come at most half of this gateway's part of what is left, for those that wait half of it all, so that there is
-- something for the others; but always what is needed.
local function share(room, need, waiting, want)
  if room < need then return 0 end
  return math.max(need, math.min(waiting, math.floor(room / 2)), math.min(want, math.floor(room / parts)))
end

-- The holder keeps two handles of one gateway apart that are, or were, known by one name.
local function rate(key, cap, window, holder, spent, extra, back, need, waiting, want)
  local me = me .. '.' .. holder
  local debt, at, mine, out, ended = 0, now, 0, 0, {}
  local known = redis.call('HGETALL', key)
  for i = 1, #known, 2 do
    local field, value = known[i], known[i + 1]
    if field == 'debt' then debt = tonumber(value)
    elseif field == 'at' then at = tonumber(value)
    else
      local units, till = lease(value)
      if till <= now then ended[#ended + 1] = {till, units, field}
      elseif field == me then mine = units
      else out = out + units end
    end
  end
  -- More than a full bucket is owed after a move to a smaller class, or for what was sent without a lease; never more than two.
  debt = math.min(debt, 2 * cap * window)
  local function refill(till)
    if till <= at then return end
    debt = math.max(0, debt - (till - at) * cap)
    at = till
  end
  table.sort(ended, function(a, b) return a[1] < b[1] end)
  for _, one in ipairs(ended) do
    refill(one[1])
    debt = debt + one[2] * window
    redis.call('HDEL', key, one[3])
  end
  refill(now)
  spent = math.min(spent, mine)
  back = math.min(back, mine - spent)
  mine = mine - spent - back
  debt = debt + (spent + extra) * window
  local roomParts = (cap - out - mine) * window - debt
  local room = math.floor(roomParts / window)
  local granted = share(room, need, waiting, want)
  mine = mine + granted
  if mine > 0 then redis.call('HSET', key, 'debt', digits(debt), 'at', digits(at), me, digits(mine) .. ' ' .. digits(now + ${LEASE_MS}))
  else
    redis.call('HSET', key, 'debt', digits(debt), 'at', digits(at))
    redis.call('HDEL', key, me)
  end
  redis.call('PEXPIRE', key, digits(math.max(0, at - now) + math.ceil((debt + (out + mine) * window) / cap) + ${LEASE_MS + SPARE_MS}))
  local wait = 0
  if granted < need then wait = math.ceil((need * window - roomParts) / cap) end
  return mine, room - granted, wait
end

local function day(key, cap, ordinal, first, past, spent, extra, back, need, waiting, want)
  if now < first or now >= past then return 0, 0, ${OTHER_DAY} end
  local counted, used, mine, out = ordinal, 0, 0, 0
  local known = redis.call('HGETALL', key)
  for i = 1, #known, 2 do
    local field, value = known[i], known[i + 1]
    if field == 'day' then counted = tonumber(value)
    elseif field == 'used' then used = tonumber(value)
    else
      local units, till = lease(value)
      if field == me then mine = units
      elseif till <= now then redis.call('HDEL', key, field)
      else out = out + units end
    end
  end
  if ordinal > counted then
    redis.call('DEL', key)
    counted, used, mine, out = ordinal, 0, 0, 0
  end
  if ordinal == counted then
    used = math.max(0, used - back)
    mine = math.max(0, mine - spent - back)
  end
  used = used + extra
  local granted = share(cap - used, need, waiting, want)
  local wait = 0
  if granted < need then wait = cap - used + out < need and past - now or ${HELD_BY_OTHERS} end
  used = used + granted
  mine = mine + granted
  redis.call('HSET', key, 'day', digits(counted), 'used', digits(used))
  if mine > 0 then redis.call('HSET', key, me, digits(mine) .. ' ' .. digits(now + ${DAY_OUT_MS})) else redis.call('HDEL', key, me) end
  redis.call('PEXPIRE', key, digits(past - now + ${DAY_KEPT_MS}))
  return granted, cap - used, wait
end

local function level(key, cap, used, need, waiting, want)
  local mine, out = 0, 0
  local known = redis.call('HGETALL', key)
  for i = 1, #known, 2 do
    local units, till = lease(known[i + 1])
    if till <= now then redis.call('HDEL', key, known[i])
    elseif known[i] == me then mine = units
    else out = out + units end
  end
  mine = math.max(used, math.min(mine, want))
  local granted = share(cap - out - mine, math.max(0, need - mine), math.max(0, waiting - mine), math.max(0, want - mine))
  mine = mine + granted
  if mine > 0 then
    redis.call('HSET', key, me, digits(mine) .. ' ' .. digits(now + ${LEASE_MS + LEVEL_DRAIN_MS}))
    redis.call('PEXPIRE', key, ${LEASE_MS + LEVEL_DRAIN_MS + SPARE_MS})
  else redis.call('HDEL', key, me) end
  return mine, cap - out - mine, mine < need and 1000 or 0
end

local function money(key, spent, back, need, waiting, want)
  local free, lost, mine = 0, 0, 0
  local known = redis.call('HGETALL', key)
  if #known == 0 then return 0, 0, need > 0 and ${WAIT_FOR_EVER} or 0 end
  for i = 1, #known, 2 do
    local field, value = known[i], known[i + 1]
    if field == 'free' then free = tonumber(value)
    elseif field == 'lost' then lost = lost + tonumber(value)
    else
      local units, seen = lease(value)
      if field == me then mine = units
      elseif seen + ${2 * SESSION_MS} <= now then
        lost = lost + units
        redis.call('HDEL', key, field)
      end
    end
  end
  spent = math.min(spent, mine)
  back = math.min(back, mine - spent)
  free = free + back
  local granted = share(free, need, waiting, want)
  free = free - granted
  mine = mine - spent - back + granted
  redis.call('HSET', key, 'free', digits(free), 'lost', digits(lost))
  if mine > 0 then redis.call('HSET', key, me, digits(mine) .. ' ' .. digits(now)) else redis.call('HDEL', key, me) end
  return mine, free, granted < need and ${WAIT_FOR_EVER} or 0
end

local reply = {digits(now)}
for i = 2, #KEYS do
  local kind, cap, p1, p2, p3, spent, extra, back, need, waiting, want =
    string.match(ARGV[i + 3], '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  cap, spent, extra, back = tonumber(cap), tonumber(spent), tonumber(extra), tonumber(back)
  need, waiting, want = tonumber(need), tonumber(waiting), tonumber(want)
  local units, room, wait
  if kind == '${LeaseKind.Rate}' then units, room, wait = rate(KEYS[i], cap, tonumber(p1), p2 .. '.' .. p3, spent, extra, back, need, waiting, want)
  elseif kind == '${LeaseKind.Day}' then
    units, room, wait = day(KEYS[i], cap, tonumber(p1), tonumber(p2), tonumber(p3), spent, extra, back, need, waiting, want)
  elseif kind == '${LeaseKind.Level}' then units, room, wait = level(KEYS[i], cap, spent, need, waiting, want)
  else units, room, wait = money(KEYS[i], spent, back, need, waiting, want) end
  reply[#reply + 1] = digits(units) .. ' ' .. digits(room) .. ' ' .. digits(wait)
end
reply = table.concat(reply, ' ')
redis.call('HSET', KEYS[1], 'n', ARGV[1], 'reply', reply)
redis.call('PEXPIRE', KEYS[1], ARGV[4] == '1' and ${ENDED_SESSION_MS} or ${SESSION_MS})
return reply`);

const MONEY_OF = `
local free, lost, held = 0, 0, 0
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known, 2 do
  local field, value = known[i], known[i + 1]
  if field == 'free' then free = tonumber(value)
  elseif field == 'lost' then lost = lost + tonumber(value)
  else
    local units, seen = lease(value)
    if seen + ${LEASE_MS} <= now then lost = lost + units else held = held + units end
  end
end
`;

/** KEYS: money. Answers free, held and lost, as texts. */
export const LOOK_AT_MONEY = script(`${TIME}${MONEY_OF}
return {digits(free), digits(held), digits(lost)}`);

/**
 * Pays in, or takes back. KEYS: money, credit. ARGV: micros.
 * Answers the outcome, then as LOOK_AT_MONEY.
 */
export const CREDIT = script(`${TIME}${MONEY_OF}
local outcome = 'credited'
local before = redis.call('GET', KEYS[2])
if before then outcome = before == ARGV[1] and 'repeated' or 'conflict'
elseif free + tonumber(ARGV[1]) < 0 then outcome = 'insufficient'
else
  free = free + tonumber(ARGV[1])
  redis.call('HSET', KEYS[1], 'free', digits(free))
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ${CREDIT_MS})
end
return {outcome, digits(free), digits(held), digits(lost)}`);

/**
 * One beat of a gateway that shares limits by equal parts. KEYS: members. ARGV: gateway, number of the beat, divisor it goes
 * by (0 for none), milliseconds it counts as alive, 1 if it leaves.
 * Answers how many there are, and the divisor it may go by. Over all, the sum of 1 / divisor is at most 1 at any time: a gateway
 * takes a smaller part as soon as it hears of another, and the other gets one only after that was told here.
 */
export const BEAT = script(`${TIME}
local count, sum, isKnown = 1, 0, false
local known = redis.call('HGETALL', KEYS[1])
for i = 1, #known, 2 do
  local beat, till, divisor = string.match(known[i + 1], '^(%d+) (%d+) (%d+)$')
  divisor = tonumber(divisor)
  if known[i] == ARGV[1] and tonumber(beat) >= tonumber(ARGV[2]) then return {0, 0} end
  if tonumber(till) <= now then redis.call('HDEL', KEYS[1], known[i])
  elseif known[i] == ARGV[1] then isKnown = true
  else
    count = count + 1
    if divisor > 0 then sum = sum + 1 / divisor end
  end
end
if ARGV[5] == '1' then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return {count - 1, 0}
end
-- Who was taken for dead has had its part given away.
local divisor = isKnown and tonumber(ARGV[3]) or 0
if (divisor == 0 or divisor > count) and sum + 1 / count < 1 + 1e-9 then divisor = count end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. digits(now + tonumber(ARGV[4])) .. ' ' .. digits(divisor))
redis.call('PEXPIRE', KEYS[1], 2 * tonumber(ARGV[4]))
return {count, divisor}`);

function script(body: string): Script {
  return { body, sha: createHash('sha1').update(body).digest('hex') };
}
