-- The counters of these rules are filled: add what was settled behind the positions, and let them count.
-- KEYS: seeded, tail, runs. ARGV: attempt, store, seeding, rules (count, names), positions (count; run, sequence,
-- offset), runs that lived when it began. 0: somebody else began, or too much was settled meanwhile.
if redis.call('HGET', KEYS[1], 'attempt') ~= ARGV[1] then return 0 end
local store, number, at = ARGV[2], ARGV[3], 5
local mine, positions = {}, {}
for _ = 1, tonumber(ARGV[4]) do
  mine[ARGV[at]] = true
  at = at + 1
end
local count = tonumber(ARGV[at])
at = at + 1
for _ = 1, count do
  positions[ARGV[at]] = ARGV[at + 1] .. ' ' .. ARGV[at + 2]
  at = at + 3
end
for i = at, #ARGV do redis.call('HSETNX', KEYS[3], ARGV[i], 'live') end
local others = {}
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  local rule, run, sequence, offset, bucket, amount, life, key =
    string.match(entry, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (.*)$')
  if not mine[rule] then
    others[#others + 1] = entry
  elseif sequence == '-' or not contains(positions[run], sequence, offset) then
    settle(key, bucket, amount)
    redis.call('PEXPIRE', key, life)
  end
end
redis.call('DEL', KEYS[2])
for _, entry in ipairs(others) do redis.call('RPUSH', KEYS[2], entry) end
for rule in pairs(mine) do redis.call('HSET', KEYS[1], rule, store .. ' ' .. number) end
for run, position in pairs(positions) do redis.call('HSET', KEYS[1], 'p ' .. number .. ' ' .. run, position) end
local fields, used = redis.call('HGETALL', KEYS[1]), {}
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 2) ~= 'p ' then used[seeding(fields[i + 1], store) or ''] = true end
end
for i = 1, #fields, 2 do
  local of = string.match(fields[i], '^p (%S+) ')
  if of and not used[of] then redis.call('HDEL', KEYS[1], fields[i]) end
end
redis.call('HDEL', KEYS[1], 'attempt')
return 1
