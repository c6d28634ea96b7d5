-- KEYS: the open games of a shape, how often each was handed out. ARGV: the code of a game that is full now.
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
