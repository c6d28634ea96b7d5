-- ARGV: a hold that ends, so that the next one who wants the game need not wait.
local hold = ARGV[1]
if redis.call('GET', LEASE) == hold then redis.call('DEL', LEASE) end
if redis.call('HGET', STATE, 'hold') == hold then
  redis.call('HSET', STATE, 'hold', string.match(hold, '^%d+') .. ' -')
end
return { 'ok' }
