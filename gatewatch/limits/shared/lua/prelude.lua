-- Lua counts in doubles, which are exact up to 2^53: sums of picodollars are kept in two parts, {times 10^12, rest}.
local function add(sum, text)
  local n = #text
  if n <= 12 then
    sum[2] = sum[2] + tonumber(text)
  else
    sum[1] = sum[1] + tonumber(string.sub(text, 1, n - 12))
    sum[2] = sum[2] + tonumber(string.sub(text, n - 11))
  end
end

local function normal(sum)
  local rest = math.fmod(sum[2], 1e12)
  return {sum[1] + (sum[2] - rest) / 1e12, rest}
end

local function text(sum)
  if sum[1] > 0 then return string.format('%.0f%012.0f', sum[1], sum[2]) end
  return string.format('%.0f', sum[2])
end

-- A counter is a hash: BUCKET → settled in it, 'h'BUCKET → held in it; and, so that not all of it is read each time,
-- 'from' → a bucket, 'sum' → of both in the buckets from that one on, 'held' → in all buckets. Redis counts in 64 bits;
-- what is beyond them stays at their end.
local function is_bucket(field)
  return string.byte(field) <= 57
end

local function is_hold(field)
  return string.byte(field) == 104 and field ~= 'held'
end

local function increase(key, field, amount)
  local now = redis.pcall('HINCRBY', key, field, amount)
  if type(now) == 'table' then redis.call('HSET', key, field, '9223372036854775807') end
end

local froms = {} -- of counters that this script has asked for it: they are asked once

local function to_sum(key, bucket, amount)
  local from = froms[key]
  if from == nil then
    from = redis.call('HGET', key, 'from')
    froms[key] = from
  end
  if from and tonumber(bucket) >= tonumber(from) then increase(key, 'sum', amount) end
end

local function settle(key, bucket, amount)
  increase(key, bucket, amount)
  to_sum(key, bucket, amount)
end

local function hold(key, bucket, amount)
  redis.call('HINCRBY', key, 'h' .. bucket, amount)
  redis.call('HINCRBY', key, 'held', amount)
  to_sum(key, bucket, amount)
end

-- Of what is held no more than is: it may have expired meanwhile. True where it was.
local function take(key, field, amount)
  local left = redis.pcall('HINCRBY', key, field, '-' .. amount)
  local was = type(left) ~= 'table' and left >= 0
  if not was or left == 0 then redis.call('HDEL', key, field) end
  return was
end

local function free(key, bucket, amount)
  if take(key, 'h' .. bucket, amount) then
    take(key, 'held', amount)
    to_sum(key, bucket, '-' .. amount)
  else
    redis.call('HDEL', key, 'from', 'sum', 'held')
    froms[key] = false
  end
end

-- What a run holds stands in its own hash as well: 'h|BUCKET|COUNTER'.
local function let_go_of_all(run)
  local fields = redis.call('HGETALL', run)
  for i = 1, #fields, 2 do
    local bucket, counter = string.match(fields[i], '^h|(%d+)|(.*)$')
    if bucket then
      free(counter, bucket, fields[i + 1])
      redis.call('HDEL', run, fields[i])
    end
  end
end

-- A position is 'SEQUENCE OFFSET': of the run's segment, and the offset behind the record.
local function contains(position, sequence, offset)
  if not position or sequence == '' then return false end
  local upto, behind = string.match(position, '^(%d+) (%d+)$')
  upto, sequence = tonumber(upto), tonumber(sequence)
  return sequence < upto or (sequence == upto and tonumber(offset) <= tonumber(behind))
end

-- A mark is 'STORE SEEDING': a store that was started anew, from a copy or on another machine, is another store.
local function seeding(mark, store)
  local of, number = string.match(mark or '', '^(%S+) (%S+)$')
  return of == store and number or nil
end
