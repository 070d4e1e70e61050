-- These rules are seeded anew: they count nothing until then, and what is settled for them from now on is kept aside.
-- What was kept aside before is in the journal by now. KEYS: seeded, tail. ARGV: attempt, rules.
local mine, others = {}, {}
for i = 2, #ARGV do
  mine[ARGV[i]] = true
  redis.call('HDEL', KEYS[1], ARGV[i])
end
for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
  if not mine[string.match(entry, '^%S+')] then others[#others + 1] = entry end
end
redis.call('DEL', KEYS[2])
for _, entry in ipairs(others) do redis.call('RPUSH', KEYS[2], entry) end
redis.call('HSET', KEYS[1], 'attempt', ARGV[1])
return 1
