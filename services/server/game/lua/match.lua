-- KEYS: the open games of a shape (sorted set by age), how often each was handed out (hash), this request.
-- ARGV: shape, seats, code for a new game, code that turned out to be closed, seconds to keep, 1 when there is no room
-- for a new game. Gives the code of the game to enter.
local shape, seats, candidate, closed, seconds, full = unpack(ARGV, 1, 6)
seats = tonumber(seats)
-- Seats are reserved for a crowd that arrives at once, without waiting for each player to join. A reserved seat that
-- was not taken becomes free after this time.
local WINDOW_MS = 1000
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local function hand_out(code)
  local start, count = string.match(redis.call('HGET', KEYS[2], code) or '', '^(%d+) (%d+)$')
  if not start or now - tonumber(start) >= WINDOW_MS then start, count = string.format('%.0f', now), 0 end
  if tonumber(count) >= seats then return false end
  redis.call('HSET', KEYS[2], code, start .. ' ' .. (tonumber(count) + 1))
  redis.call('SET', KEYS[3], shape .. ' ' .. code, 'EX', seconds)
  redis.call('EXPIRE', KEYS[1], seconds)
  redis.call('EXPIRE', KEYS[2], seconds)
  return true
end

local stored = redis.call('GET', KEYS[3])
if stored then
  local known, code = string.match(stored, '^(%S+) (%S+)$')
  if known ~= shape then return { 'refused', 'id_reused' } end
  if code ~= closed then return { 'ok', code } end
end
if closed ~= '' then
  redis.call('ZREM', KEYS[1], closed)
  redis.call('HDEL', KEYS[2], closed)
end
-- The newest is the one being filled; the oldest wait for players that were sent to them but did not come.
local open = redis.call('ZREVRANGE', KEYS[1], 0, 0)
for _, code in ipairs(redis.call('ZRANGE', KEYS[1], 0, 9)) do open[#open + 1] = code end
for _, code in ipairs(open) do
  if hand_out(code) then return { 'ok', code } end
end
if full == '1' then return { 'refused', 'cluster_full' } end
redis.call('ZADD', KEYS[1], string.format('%.0f', tonumber(time[1]) * 1000000 + tonumber(time[2])), candidate)
hand_out(candidate)
return { 'ok', candidate }
