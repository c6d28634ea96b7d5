-- KEYS: the newest socket of a player, who opens none any more with what was issued before. ARGV: seconds to remember that.
-- Gives the replica that holds the newest socket, and the generation that sockets from now on will be above: like those,
-- it is a time in microseconds.
local time = redis.call('TIME')
local before = redis.call('HMGET', KEYS[1], 'generation', 'replica')
local out = math.max(tonumber(before[1] or 0) + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
local text = string.format('%.0f', out)
redis.call('HSET', KEYS[1], 'generation', text, 'out', text)
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return { before[2] or '', text }
