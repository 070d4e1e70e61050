-- KEYS: run, seeded, counters. ARGV: MessagePack of {connection, store, rules that have to be seeded, and for each
-- counter: bucket, oldest, amount, most, kept from, time to live (ms)}.
-- {-2}: the connection is an old one. {-3, rule}: not seeded. Else {index of the first in the way or -1, taken and held
-- of each counter, the fields of each counter that is in the way}.
local asked = cmsgpack.unpack(ARGV[1])
if redis.call('HGET', KEYS[1], 'connection') ~= asked[1] then return {-2} end
local rules = asked[3]
if #rules > 0 then
  local marks = redis.call('HMGET', KEYS[2], unpack(rules))
  for i = 1, #rules do
    if not seeding(marks[i], asked[2]) then return {-3, rules[i]} end
  end
end

-- What there is in the buckets from `oldest` on, and all that is held; what is older than `kept` goes.
local function look(key, oldest, kept)
  local known = redis.call('HMGET', key, 'from', 'sum', 'held')
  froms[key] = known[1]
  if known[1] == oldest then return {known[2] or '0', known[3] or '0'} end
  local fields = redis.call('HGETALL', key)
  if #fields == 0 then return {'0', '0'} end -- nothing is made that nobody would take away
  local first, last = tonumber(oldest), tonumber(kept)
  local sum, held = {0, 0}, {0, 0}
  for f = 1, #fields, 2 do
    local field, value = fields[f], fields[f + 1]
    if is_bucket(field) then
      local bucket = tonumber(field)
      if bucket >= first then
        add(sum, value)
      elseif bucket < last then
        redis.call('HDEL', key, field)
      end
    elseif is_hold(field) then
      add(held, value)
      if tonumber(string.sub(field, 2)) >= first then add(sum, value) end
    end
  end
  local found = {text(normal(sum)), text(normal(held))}
  redis.call('HSET', key, 'from', oldest, 'sum', found[1], 'held', found[2])
  froms[key] = oldest
  return found
end

local function is_less(a, b)
  return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2])
end

local answer, ways, in_the_way = {-1}, {}, -1
for i = 3, #KEYS do
  local at = 4 + (i - 3) * 6
  local found = look(KEYS[i], asked[at + 1], asked[at + 4])
  local amount, wanted, most = asked[at + 2], {0, 0}, {0, 0}
  add(wanted, found[1])
  add(wanted, amount)
  add(most, asked[at + 3])
  wanted, most = normal(wanted), normal(most)
  if is_less(most, wanted) or (amount == '0' and not is_less(wanted, most)) then
    if in_the_way < 0 then in_the_way = i - 3 end
    ways[#ways + 1] = redis.call('HGETALL', KEYS[i])
  end
  answer[#answer + 1] = found[1]
  answer[#answer + 1] = found[2]
end
if in_the_way < 0 then
  for i = 3, #KEYS do
    local at = 4 + (i - 3) * 6
    local bucket, amount = asked[at], asked[at + 2]
    if amount ~= '0' then
      hold(KEYS[i], bucket, amount)
      redis.call('HINCRBY', KEYS[1], 'h|' .. bucket .. '|' .. KEYS[i], amount)
      redis.call('PEXPIRE', KEYS[i], asked[at + 5])
    end
  end
end
answer[1] = in_the_way
for i = 1, #ways do answer[#answer + 1] = ways[i] end
return answer
