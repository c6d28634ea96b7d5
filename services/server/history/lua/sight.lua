-- KEYS: the heads of histories. ARGV: an epoch for those that lost something; of each history the epoch and seq that the
-- caller saw in the lives before this one.
if KNOWN_LIFE ~= LIFE then return { 'stranger' } end
local fresh, lost = ARGV[1], 0
for index, head in ipairs(KEYS) do
  local epoch, seq = ARGV[2 * index], tonumber(ARGV[2 * index + 1])
  local now = redis.call('HMGET', head, 'epoch', 'seq', 'life', 'kept')
  local there = tonumber(now[2] or 0)
  -- It goes on already, without the caller: what came since has numbers that were given away before.
  if now[3] == LIFE and now[4] then there = math.min(there, tonumber(now[4])) end
  if now[1] == epoch and seq > there then
    redis.call('HSET', head, 'epoch', fresh, 'opened', now[2] or 0)
    lost = lost + 1
  end
end
return { 'seen', lost }
