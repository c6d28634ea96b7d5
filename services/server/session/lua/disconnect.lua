-- KEYS: the newest socket of a player. ARGV: seconds to remember that the player was disconnected. Gives the replica that
-- holds the newest socket, and the generation that sockets from now on will be above: like those, it is a time in
-- microseconds. Both are empty for a player who had no socket lately.
local before = redis.call('HMGET', KEYS[1], 'generation', 'replica')
if not before[1] then return { '', '' } end
local time = redis.call('TIME')
local cut = math.max(tonumber(before[1]) + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
local text = string.format('%.0f', cut)
redis.call('HSET', KEYS[1], 'generation', text, 'cut', text)
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return { before[2] or '', text }
