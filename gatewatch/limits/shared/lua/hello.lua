-- A worker has a new connection; nothing that still comes on the old one counts any more.
-- KEYS: run, runs. ARGV: connection, run. The number of its last deed that is done.
redis.call('HSETNX', KEYS[2], ARGV[2], 'live')
redis.call('HSET', KEYS[1], 'connection', ARGV[1])
return tonumber(redis.call('HGET', KEYS[1], 'deed') or 0)
