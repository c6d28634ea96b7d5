-- KEYS[1]: the roll (hash: replica -> "<life> <ms>", and when the life began under BEGAN). ARGV: the replica, the silence
-- in milliseconds after which one is gone, seconds to keep the roll, and replicas that have to be on it in a life that
-- begins. Gives the replicas that have told what they saw before this life, and those that have not.
local ROLL, BEGAN = KEYS[1], '@'
-- As often as that it is noted that a replica is still there.
local REFRESH_MS = 1000
local replica, silence, seconds = ARGV[1], tonumber(ARGV[2]), ARGV[3]
-- It goes.
if KNOWN_LIFE == '-' then return { 'left', redis.call('HDEL', ROLL, replica) } end
if KNOWN_LIFE ~= LIFE then return { 'stranger' } end

local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local function parse(entry)
  local life, at = string.match(entry or '', '^(%S+) (%d+)$')
  return life, tonumber(at)
end
local function note(field)
  redis.call('HSET', ROLL, field, LIFE .. ' ' .. string.format('%.0f', now))
end

local life, began = parse(redis.call('HGET', ROLL, BEGAN))
if life ~= LIFE then
  began = now
  note(BEGAN)
end
for index = 4, #ARGV do redis.call('HSETNX', ROLL, ARGV[index], '- 0') end
local signed, at = parse(redis.call('HGET', ROLL, replica))
if signed ~= LIFE or now - at >= REFRESH_MS then
  note(replica)
  redis.call('EXPIRE', ROLL, seconds)
end

local present, missing = {}, {}
local roll = redis.call('HGETALL', ROLL)
for index = 1, #roll, 2 do
  local name, last, seen = roll[index], parse(roll[index + 1])
  if name ~= BEGAN then
    -- Of an earlier life: that it was silent while Redis was away means nothing.
    if now - (last == LIFE and seen or began) > silence then
      redis.call('HDEL', ROLL, name)
    elseif last == LIFE then
      present[#present + 1] = name
    else
      missing[#missing + 1] = name
    end
  end
end
return { 'roll', present, missing }
