-- What a counter has settled, in place of what it had; holds stay. KEYS: counter. ARGV: time to live (ms), and for each
-- bucket: it, amount.
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if not is_hold(field) then redis.call('HDEL', KEYS[1], field) end
end
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1
