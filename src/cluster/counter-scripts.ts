import { ROLLUP_LEVELS } from "../domain/rollup.ts";

/**
 * The Lua scripts around the counters: each is one step that happens as a whole or not at all. Key names are
 * made inside, which a Redis Cluster would not allow; one Redis is enough for counters.
 *
 * Lua's numbers are doubles: exact up to 2^53, and cents sums stay below it.
 */
const FIELDS = Array.from({ length: ROLLUP_LEVELS }, (_, level) => `'floor${level}'`).join(", ");
const TOP_LEVEL = ROLLUP_LEVELS - 1;

/** Chunk and field of a bucket; the few buckets of the top level are one chunk, so "from ever" is one read. */
const PLACE = `
local function place(level, bucket)
  if level == ${TOP_LEVEL} then return 0, bucket end
  local chunk = math.floor(bucket / 64)
  return chunk, bucket - chunk * 64
end
local function whole(number) return string.format('%.0f', number) end
local function unpacked(value)
  local a, b, c, d = string.match(value, '^(%S+) (%S+) (%S+) (%S+)$')
  return tonumber(a), tonumber(b), tonumber(c), tonumber(d)
end
`;

/**
 * Sums ranges. ARGV: level, first, last, …
 * Answers {epoch, applied, 4 sums, then level, first, last of what is below a floor}, or {} without counters.
 */
export const QUERY = `${PLACE}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'build', 'applied', ${FIELDS})
if not meta[1] then return {} end
local base = KEYS[1] .. ':' .. meta[2] .. ':'
local a, b, c, d = 0, 0, 0, 0
local missing = {}
for i = 1, #ARGV, 3 do
  local level, first, last = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local floor = tonumber(meta[4 + level])
  if first < floor then
    missing[#missing + 1] = ARGV[i]
    missing[#missing + 1] = whole(first)
    missing[#missing + 1] = whole(math.min(last, floor - 1))
    first = floor
  end
  if first <= last then
    local chunkFirst, chunkLast = place(level, first), place(level, last)
    for chunk = chunkFirst, chunkLast do
      local start = level == ${TOP_LEVEL} and 0 or chunk * 64
      local fields = redis.call('HGETALL', base .. level .. ':' .. whole(chunk))
      for j = 1, #fields, 2 do
        local bucket = start + tonumber(fields[j])
        if bucket >= first and bucket <= last then
          local w, x, y, z = unpacked(fields[j + 1])
          a, b, c, d = a + w, b + x, c + y, d + z
        end
      end
    end
  end
end
local answer = {meta[1], meta[3], whole(a), whole(b), whole(c), whole(d)}
for i = 1, #missing do answer[#answer + 1] = missing[i] end
return answer
`;

/**
 * Adds deltas. ARGV: epoch, first and last number of the deltas, then level, bucket and 4 sums each.
 * Answers {"applied", number of the last delta that is in}, whether it was added now, before, or is still to
 * come because others are missing before it; {"epoch"} when the counters are of another history, or gone.
 */
export const APPLY = `${PLACE}
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'build', 'applied', ${FIELDS})
if meta[1] ~= ARGV[1] then return {'epoch'} end
if tonumber(meta[3]) + 1 ~= tonumber(ARGV[2]) then return {'applied', meta[3]} end
local base = KEYS[1] .. ':' .. meta[2] .. ':'
for i = 4, #ARGV, 6 do
  local level, bucket = tonumber(ARGV[i]), tonumber(ARGV[i + 1])
  if bucket >= tonumber(meta[4 + level]) then
    local chunk, field = place(level, bucket)
    local key = base .. level .. ':' .. whole(chunk)
    local w, x, y, z = tonumber(ARGV[i + 2]), tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
    local known = redis.call('HGET', key, whole(field))
    if known then
      local a, b, c, d = unpacked(known)
      w, x, y, z = w + a, x + b, y + c, z + d
    else
      redis.call('ZADD', base .. 'index:' .. level, whole(chunk), whole(chunk))
    end
    redis.call('HSET', key, whole(field), whole(w) .. ' ' .. whole(x) .. ' ' .. whole(y) .. ' ' .. whole(z))
  end
end
redis.call('HSET', KEYS[1], 'applied', ARGV[3])
return {'applied', ARGV[3]}
`;

/** Raises floors and deletes what is below: at most 100 chunks per level and call. ARGV: epoch, floor0, floor1, … */
export const TRIM = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'build', ${FIELDS})
if meta[1] ~= ARGV[1] then return 0 end
local base = KEYS[1] .. ':' .. meta[2] .. ':'
local deleted = 0
for level = 0, ${TOP_LEVEL - 1} do
  local floor = tonumber(ARGV[2 + level])
  if floor > tonumber(meta[3 + level]) then redis.call('HSET', KEYS[1], 'floor' .. level, ARGV[2 + level]) end
  local index = base .. 'index:' .. level
  local below = '(' .. string.format('%.0f', floor / 64)
  for _, chunk in ipairs(redis.call('ZRANGEBYSCORE', index, '-inf', below, 'LIMIT', 0, 100)) do
    redis.call('UNLINK', base .. level .. ':' .. chunk)
    redis.call('ZREM', index, chunk)
    deleted = deleted + 1
  end
end
return deleted
`;

const DISCARD = `
local function discard(build)
  local base = KEYS[1] .. ':' .. build .. ':'
  for level = 0, ${TOP_LEVEL} do
    for _, chunk in ipairs(redis.call('ZRANGE', base .. 'index:' .. level, 0, -1)) do
      redis.call('UNLINK', base .. level .. ':' .. chunk)
    end
    redis.call('UNLINK', base .. 'index:' .. level)
  end
  redis.call('ZREM', KEYS[1] .. ':builds', build)
end
`;

/**
 * Makes a finished build the one that counts. ARGV: epoch, build, applied, floors…
 * Answers 1, or 0 when the counters there are as new, or Redis was emptied meanwhile: then the build is gone.
 */
export const ACTIVATE = `${DISCARD}
local known = redis.call('HMGET', KEYS[1], 'epoch', 'build', 'applied')
-- Said twice, as by a proxy that repeats: it counts already, and is no build that came too late.
if known[2] == ARGV[2] then return 1 end
local isNewer = known[1] ~= ARGV[1] or (tonumber(known[3]) or -1) < tonumber(ARGV[3])
if not isNewer or not redis.call('ZSCORE', KEYS[1] .. ':builds', ARGV[2]) then
  discard(ARGV[2])
  return 0
end
if known[2] then discard(known[2]) end
redis.call('ZREM', KEYS[1] .. ':builds', ARGV[2])
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'build', ARGV[2], 'applied', ARGV[3])
for level = 0, ${TOP_LEVEL} do redis.call('HSET', KEYS[1], 'floor' .. level, ARGV[4 + level]) end
return 1
`;

/** Deletes builds that were begun before a time and never finished. ARGV: that time, ms */
export const SWEEP = `${DISCARD}
local current = redis.call('HGET', KEYS[1], 'build')
for _, build in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1] .. ':builds', '-inf', ARGV[1])) do
  if build ~= current then discard(build) end
end
return 1
`;
