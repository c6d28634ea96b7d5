-- KEYS: the players of a day by what they reached, their names (hash), and whether this room was counted. ARGV: seconds to
-- remember that, seconds to keep the day, players of a day at most, then id, name and what was reached of each player.
-- Gives 1 when the room was counted now, 0 when it had been.
if not redis.call('SET', KEYS[3], '1', 'NX', 'EX', ARGV[1]) then return 0 end
for index = 4, #ARGV, 3 do
  local id, name, reached = unpack(ARGV, index, index + 2)
  redis.call('ZINCRBY', KEYS[1], reached, id)
  redis.call('HSET', KEYS[2], id, name)
end
local surplus = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[3])
if surplus > 0 then
  redis.call('HDEL', KEYS[2], unpack(redis.call('ZRANGE', KEYS[1], 0, surplus - 1)))
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, surplus - 1)
end
redis.call('EXPIRE', KEYS[1], ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[2])
return 1
