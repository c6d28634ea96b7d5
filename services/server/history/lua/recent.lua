-- KEYS: the channel, its messages. ARGV: epoch for a new channel, messages at most, seconds to keep the channel, 1 where
-- there is no room for a new one.
local epoch, count, seconds, full = unpack(ARGV, 1, 4)
if before[1] then
  epoch = before[1]
else
  if full == '1' then return { 'refused', 'cluster_full' } end
  redis.call('HSET', HEAD, 'epoch', epoch)
  -- Messages outlived their head: a stream takes no number twice.
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if last then redis.call('HSET', HEAD, 'seq', string.match(last[1], '^%d+')) end
  live()
end
redis.call('EXPIRE', HEAD, seconds)
local messages = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', count)
return { 'recent', epoch, redis.call('HGET', HEAD, 'seq') or '0', messages }
