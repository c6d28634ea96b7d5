-- ARGV: the hold to end, so that the next replica that wants the room need not wait.
local hold = ARGV[1]
if redis.call('GET', LEASE) == hold then redis.call('DEL', LEASE) end
if redis.call('HGET', HEAD, 'hold') == hold then
  redis.call('HSET', HEAD, 'hold', string.match(hold, '^%d+') .. ' -')
end
return { 'ok' }
