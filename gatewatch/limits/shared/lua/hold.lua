-- What a worker holds, in place of what the store thinks. KEYS: run. ARGV: connection, the rules that it counts, and for
-- each hold: bucket, amount, time to live (ms), counter.
if redis.call('HGET', KEYS[1], 'connection') ~= ARGV[1] then return -2 end
let_go_of_all(KEYS[1])
for i = 3, #ARGV, 4 do
  hold(ARGV[i + 3], ARGV[i], ARGV[i + 1])
  redis.call('PEXPIRE', ARGV[i + 3], ARGV[i + 2])
  redis.call('HINCRBY', KEYS[1], 'h|' .. ARGV[i] .. '|' .. ARGV[i + 3], ARGV[i + 1])
end
redis.call('HSET', KEYS[1], 'rules', ARGV[2])
return 1
