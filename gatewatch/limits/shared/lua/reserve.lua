-- KEYS: run, seeded, counters. ARGV: connection, store, rules to be seeded (count, names), and for each counter:
-- bucket, oldest, amount, most, kept from, time to live (ms).
-- {-2}: the connection is an old one. {-3, rule}: not seeded. Else {index of the first in the way or -1, taken and held
-- of each counter, the fields of each counter that is in the way}.
if redis.call('HGET', KEYS[1], 'connection') ~= ARGV[1] then return {-2} end
local first, rules = 4, tonumber(ARGV[3])
if rules > 0 then
  local marks = redis.call('HMGET', KEYS[2], unpack(ARGV, first, first + rules - 1))
  for i = 1, rules do
    if not seeding(marks[i], ARGV[2]) then return {-3, ARGV[first + i - 1]} end
  end
  first = first + rules
end
local answer, ways, in_the_way = {-1}, {}, -1
for i = 3, #KEYS do
  local at = first + (i - 3) * 6
  local oldest, kept = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 4])
  local fields = redis.call('HGETALL', KEYS[i])
  local taken, held = {0, 0}, {0, 0}
  for f = 1, #fields, 2 do
    local field, value = fields[f], fields[f + 1]
    if string.byte(field) == 104 then
      add(held, value)
      if tonumber(string.sub(field, 2)) >= oldest then add(taken, value) end
    else
      local bucket = tonumber(field)
      if bucket >= oldest then
        add(taken, value)
      elseif bucket < kept then
        redis.call('HDEL', KEYS[i], field)
      end
    end
  end
  taken, held = normal(taken), normal(held)
  local amount, wanted, most = ARGV[at + 2], {taken[1], taken[2]}, {0, 0}
  add(most, ARGV[at + 3])
  add(wanted, amount)
  wanted = normal(wanted)
  local less = wanted[1] < most[1] or (wanted[1] == most[1] and wanted[2] < most[2])
  local same = wanted[1] == most[1] and wanted[2] == most[2]
  if not (less or (same and amount ~= '0')) then
    if in_the_way < 0 then in_the_way = i - 3 end
    ways[#ways + 1] = fields
  end
  answer[#answer + 1] = text(taken)
  answer[#answer + 1] = text(held)
end
if in_the_way < 0 then
  for i = 3, #KEYS do
    local at = first + (i - 3) * 6
    local bucket, amount = ARGV[at], ARGV[at + 2]
    if amount ~= '0' then
      redis.call('HINCRBY', KEYS[i], 'h' .. bucket, amount)
      redis.call('PEXPIRE', KEYS[i], ARGV[at + 5])
      redis.call('HINCRBY', KEYS[1], 'h|' .. bucket .. '|' .. KEYS[i], amount)
    end
  end
end
answer[1] = in_the_way
for i = 1, #ways do answer[#answer + 1] = ways[i] end
return answer
