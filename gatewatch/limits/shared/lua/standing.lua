-- What counters have settled, and up to where in each worker's journal, at one moment. KEYS: seeded, runs, counters.
-- ARGV: what the names of runs' hashes begin with; and for each counter the first bucket that counts.
-- {the fields of `seeded`, {run, position or '', ...} of the living, settled of each counter}
local live, settled = {}, {}
local runs = redis.call('HGETALL', KEYS[2])
for i = 1, #runs, 2 do
  if runs[i + 1] == 'live' then
    live[#live + 1] = runs[i]
    live[#live + 1] = redis.call('HGET', ARGV[1] .. runs[i], 'position') or ''
  end
end
for i = 3, #KEYS do
  local first, sum = tonumber(ARGV[i - 1]), {0, 0}
  local fields = redis.call('HGETALL', KEYS[i])
  for f = 1, #fields, 2 do
    if is_bucket(fields[f]) and tonumber(fields[f]) >= first then add(sum, fields[f + 1]) end
  end
  settled[#settled + 1] = text(normal(sum))
end
return {redis.call('HGETALL', KEYS[1]), live, settled}
