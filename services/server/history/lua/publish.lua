-- KEYS: the channel (hash: epoch, seq), its messages (stream, and the pub/sub channel of the same name), this request.
-- ARGV: channel, epoch for a new channel, replica, author and data as JSON, line as JSON or empty, fingerprint. Then
-- messages to keep, seconds to keep the channel, seconds to keep the request, and 1 if there is no room for a new
-- message.
local channel, epoch, replica, author, data, line, fingerprint, keep, seconds, memory, full = unpack(ARGV, 1, 11)
local stored = redis.call('GET', KEYS[3])
if stored then
  local known, seq, then_epoch = string.match(stored, '^(%S+) (%d+) (%S+)$')
  if known ~= fingerprint then return { 'refused', 'id_reused' } end
  return { 'ok', then_epoch, tonumber(seq), 1 }
end
if full == '1' then return { 'refused', 'cluster_full' } end
if before[1] then
  epoch = before[1]
else
  redis.call('HSET', HEAD, 'epoch', epoch)
  -- Messages outlived their head: a stream takes no number twice.
  local last = redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1)[1]
  if last then redis.call('HSET', HEAD, 'seq', string.match(last[1], '^%d+')) end
  live()
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
local time = redis.call('TIME')
local at = string.format('%.0f', tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000))
if line ~= '' then line = ',"line":' .. line end
local message = '{"type":"message","channel":"' .. channel .. '","epoch":"' .. epoch .. '","seq":' .. seq .. ',"at":' ..
  at .. ',"replica":"' .. replica .. '","player":' .. author .. ',"data":' .. data .. line .. '}'
redis.call('XADD', KEYS[2], 'MAXLEN', '~', keep, seq .. '-0', 'message', message)
redis.call('EXPIRE', KEYS[1], seconds)
redis.call('EXPIRE', KEYS[2], seconds)
redis.call('SET', KEYS[3], fingerprint .. ' ' .. seq .. ' ' .. epoch, 'EX', memory)
redis.call('SPUBLISH', KEYS[2], epoch .. ' ' .. seq .. ' ' .. message)
return { 'ok', epoch, seq, 0 }
