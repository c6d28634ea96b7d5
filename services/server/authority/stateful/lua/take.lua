-- Takes a room for a replica, and reads it. ARGV: owner, lease in milliseconds, the dead owner whose hold may be broken
-- at once, and the silent owner whose hold may be broken once its lease has run out.
--
-- A hold is "<token> <owner>". The token rises with each, and only the newest holder may write: a write of an owner
-- that lost its hold is refused, however late it comes.
local owner, lease, dead, silent = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local running = redis.call('GET', LEASE)
local hold = running or redis.call('HGET', HEAD, 'hold')
local token = 0
if hold then
  local number, holder = string.match(hold, '^(%d+) (%S+)$')
  token = tonumber(number)
  local mayTake = holder == owner or holder == '-' or hold == dead or (not running and hold == silent)
  if not mayTake then return { 'held', hold, running and redis.call('PTTL', LEASE) or 0 } end
end
hold = integer(token + 1) .. ' ' .. owner
redis.call('SET', LEASE, hold, 'PX', lease)
if not before[1] then return { 'taken', hold } end
redis.call('HSET', HEAD, 'hold', hold)
return { 'taken', hold, room() }
