-- KEYS: the newest socket of a player, who opens none any more. ARGV: seconds to remember that.
-- Gives the replica that holds the newest socket.
redis.call('HSET', KEYS[1], 'out', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
return redis.call('HGET', KEYS[1], 'replica') or ''
