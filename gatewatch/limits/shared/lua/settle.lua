-- KEYS: run, seeded, tail, counters. ARGV: connection, store, number of the deed, run, sequence ('' without a position),
-- offset, count of what is let go of, count of what is added; for each of the former: counter (its index), bucket,
-- amount; for each of the latter: counter, bucket, amount, time to live (ms), rule.
-- -2: the connection is an old one. 0: it was done before. 1: it is done.
if redis.call('HGET', KEYS[1], 'connection') ~= ARGV[1] then return -2 end
if tonumber(ARGV[3]) <= tonumber(redis.call('HGET', KEYS[1], 'deed') or 0) then return 0 end
local store, run, sequence, offset = ARGV[2], ARGV[4], ARGV[5], ARGV[6]
local at = 9
for _ = 1, tonumber(ARGV[7]) do
  local key, bucket, amount = KEYS[3 + tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2]
  free(key, 'h' .. bucket, amount)
  free(KEYS[1], 'h|' .. bucket .. '|' .. key, amount)
  at = at + 3
end
local known = {}
for _ = 1, tonumber(ARGV[8]) do
  local key, bucket, amount, life, rule = KEYS[3 + tonumber(ARGV[at])], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local found = known[rule]
  if not found then
    local number = seeding(redis.call('HGET', KEYS[2], rule), store)
    found = {number, number and contains(redis.call('HGET', KEYS[2], 'p ' .. number .. ' ' .. run), sequence, offset)}
    known[rule] = found
  end
  if not found[1] then
    local place = sequence == '' and '- -' or sequence .. ' ' .. offset
    local entry = table.concat({rule, run, place, bucket, amount, life, key}, ' ')
    if redis.call('RPUSH', KEYS[3], entry) > 200000 then -- nobody seeds: what is dropped here stands in the journal
      redis.call('DEL', KEYS[3])
      redis.call('HDEL', KEYS[2], 'attempt')
    end
  elseif not found[2] then
    increase(key, bucket, amount)
    redis.call('PEXPIRE', key, life)
  end
  at = at + 5
end
if sequence == '' then
  redis.call('HSET', KEYS[1], 'deed', ARGV[3])
else
  redis.call('HSET', KEYS[1], 'deed', ARGV[3], 'position', sequence .. ' ' .. offset)
end
return 1
