-- KEYS[1] is the head of a history: the hash with its epoch and seq. The last argument is what the caller knows of
-- this server, "<life> <run> <durable>", and is taken away here.
--
-- A life is the time in which a server is primary without a break. It has a unique replication id, which no restart or
-- promotion keeps and which is not part of the data, so the data cannot be wrong about it.
local HEAD = KEYS[1]
local KNOWN = table.remove(ARGV)
local KNOWN_LIFE = string.sub(KNOWN, 1, string.find(KNOWN, ' ', 1, true) - 1)
local replication = redis.call('INFO', 'replication')
if not string.find(replication, 'role:master', 1, true) then
  return redis.error_reply('READONLY This is not the primary.')
end
-- 40 digits. Found plainly, which is much quicker than a pattern, and this comes before every move.
local _, before_id = string.find(replication, 'master_replid:', 1, true)
local LIFE = string.sub(replication, before_id + 1, before_id + 40)

-- Notes in which life the history goes on, and whether all of it will still be there after a restart.
local function live()
  local run, durable = string.match(KNOWN, '^%S+ (%S+) (%S+)$')
  if KNOWN_LIFE ~= LIFE then run, durable = '-', '0' end
  redis.call('HSET', HEAD, 'life', LIFE, 'run', run, 'durable', durable)
end
