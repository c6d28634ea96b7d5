-- KEYS: the channel, its lines. ARGV: epoch for a new channel, lines at most, seconds to keep the channel.
local epoch, count, seconds = unpack(ARGV, 1, 3)
if before[1] then
  epoch = before[1]
else
  redis.call('HSET', HEAD, 'epoch', epoch)
  -- Lines outlived their head: a stream takes no number twice.
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if last then redis.call('HSET', HEAD, 'seq', string.match(last[1], '^%d+')) end
  live()
end
redis.call('EXPIRE', HEAD, seconds)
local lines = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', count)
return { 'recent', epoch, redis.call('HGET', HEAD, 'seq') or '0', lines }
