-- KEYS: the newest socket of a player. ARGV: replica, seconds to keep, the prefix of the replicas' channels if the
-- script may announce, the client and the number of its attempt (both may be empty). Then the sockets that a player
-- gains each second and may open at once, '1' when the store has no room for another player, and the time in
-- milliseconds at which the token was issued. Returns the generation of the new socket and the replica of the older
-- one, which is told to close it. Otherwise 'out' when the player logged out after the token was issued, 'full' when
-- there is no room, 'late' when the same client has made a newer attempt, or 'rate' and the milliseconds to wait.
local time = redis.call('TIME')
local before = redis.call('HMGET', KEYS[1], 'generation', 'replica', 'out', 'client', 'attempt', 'left', 'at')
if before[3] and tonumber(ARGV[9]) * 1000 <= tonumber(before[3]) then return { 'out' } end
-- Known players may come back; a new player gets no key.
if ARGV[8] == '1' and not before[1] then return { 'full' } end
if ARGV[4] ~= '' and before[4] == ARGV[4] and tonumber(ARGV[5]) <= tonumber(before[5]) then return { 'late' } end
local now, gain, most = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000), tonumber(ARGV[6]), tonumber(ARGV[7])
local left = math.min(most, tonumber(before[6] or most) + math.max(0, now - tonumber(before[7] or now)) / 1000 * gain)
if left < 1 then return { 'rate', math.ceil((1 - left) / gain * 1000) } end
-- Based on the clock, so that generations rise even if the key was lost.
local generation = math.max(tonumber(before[1] or 0) + 1, tonumber(time[1]) * 1000000 + tonumber(time[2]))
local text = string.format('%.0f', generation)
redis.call('HSET', KEYS[1], 'generation', text, 'replica', ARGV[1], 'client', ARGV[4], 'attempt', ARGV[5], 'left', string.format('%.3f', left - 1),
  'at', string.format('%.0f', now))
-- A log-out is perhaps remembered for longer.
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[2]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if before[2] and ARGV[3] ~= '' then
  local player = string.match(KEYS[1], '{player:(.*)}')
  redis.call('SPUBLISH', ARGV[3] .. before[2], 'supersede ' .. player .. ' ' .. text)
end
return { text, before[2] or '' }
