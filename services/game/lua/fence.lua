-- KEYS: the newest socket of a player. ARGV: player, replica, prefix of the replicas' channels, seconds to
-- keep. Gives the generation of the new socket and tells the replica that holds the older one.
local time = redis.call('TIME')
local before = redis.call('HMGET', KEYS[1], 'generation', 'replica')
-- The clock keeps generations rising even when the key was lost.
local generation = math.max(tonumber(before[1] or 0) + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
local text = string.format('%.0f', generation)
redis.call('HSET', KEYS[1], 'generation', text, 'replica', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
if before[2] then redis.call('PUBLISH', ARGV[3] .. before[2], 'supersede ' .. ARGV[1] .. ' ' .. text) end
return text
