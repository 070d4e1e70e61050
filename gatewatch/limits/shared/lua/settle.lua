-- KEYS: run, seeded, tail, counters. ARGV: MessagePack of {connection, store, number of the deed, run, sequence ('' without
-- a position), offset, what is let go of, what is added}; of the former for each: counter (its index), bucket, amount; of
-- the latter: counter, bucket, amount, time to live (ms), rule.
-- -2: the connection is an old one. 0: it was done before. 1: it is done.
local deed = cmsgpack.unpack(ARGV[1])
local of_run = redis.call('HMGET', KEYS[1], 'connection', 'deed')
if of_run[1] ~= deed[1] then return -2 end
if deed[3] <= tonumber(of_run[2] or 0) then return 0 end
local store, run, sequence, offset = deed[2], deed[4], deed[5], deed[6]
local freed, added = deed[7], deed[8]
for at = 1, #freed, 3 do
  local key, bucket, amount = KEYS[3 + freed[at]], freed[at + 1], freed[at + 2]
  free(key, bucket, amount)
  take(KEYS[1], 'h|' .. bucket .. '|' .. key, amount)
end
local known = {}
for at = 1, #added, 5 do
  local key, bucket, amount, life, rule = KEYS[3 + added[at]], added[at + 1], added[at + 2], added[at + 3], added[at + 4]
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
    settle(key, bucket, amount)
    redis.call('PEXPIRE', key, life)
  end
end
if sequence == '' then
  redis.call('HSET', KEYS[1], 'deed', deed[3])
else
  redis.call('HSET', KEYS[1], 'deed', deed[3], 'position', sequence .. ' ' .. offset)
end
return 1
