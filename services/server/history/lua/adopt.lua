-- ARGV: the life in which the caller found the history; the epoch in which it goes on, empty for the one it has.
local found, epoch = ARGV[1], ARGV[2]
local now = redis.call('HMGET', HEAD, 'epoch', 'life', 'seq')
if not now[1] or (now[2] or '-') ~= found then return { 'ok' } end
-- The finding is about an earlier life.
if epoch == '' and KNOWN_LIFE ~= LIFE then return { 'ok' } end
if epoch ~= '' then redis.call('HSET', HEAD, 'epoch', epoch, 'opened', now[3] or 0) end
-- How far it was when this life began: a replica that comes late and saw more finds out by it.
redis.call('HSET', HEAD, 'kept', now[3] or 0)
live()
return { 'ok' }
