-- KEYS: the games there are by when they are gone, and those that players of one address made. ARGV: now, how many there
-- may be, and how many of the address. Gives what is full: 'cluster', 'address' or ''.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 'cluster' end
local most = tonumber(ARGV[3])
if redis.call('ZCARD', KEYS[2]) < most then return '' end
-- Those that are over are taken out when it matters only.
if redis.call('ZINTERCARD', 2, KEYS[1], KEYS[2], 'LIMIT', most) >= most then return 'address' end
local left = redis.call('PTTL', KEYS[2])
redis.call('ZINTERSTORE', KEYS[2], 2, KEYS[1], KEYS[2], 'WEIGHTS', 1, 0)
if left > 0 then redis.call('PEXPIRE', KEYS[2], left) end
return ''
