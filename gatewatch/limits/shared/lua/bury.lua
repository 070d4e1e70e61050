-- All of a dead worker is counted: what it held is free. KEYS: run, runs. ARGV: run.
let_go_of_all(KEYS[1])
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[2], ARGV[1], 'buried')
return 1
