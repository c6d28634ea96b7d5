-- Shared by the scripts of one room. KEYS, all under one hash tag: the head (hash); the events (stream, and the channel
-- of the same name); the answers, and those from before the last turn (hashes); the lease of the holder. The scripts
-- know no application: the events are decided outside.
local EVENTS, ANSWERS, OLDER, LEASE
local function open(first)
  HEAD, EVENTS, ANSWERS, OLDER, LEASE = unpack(KEYS, first, first + 4)
end
open(1)
-- These fields come from the fifth on, after those of the guard.
local SEQ, DEADLINE, HOLD, TURNED = 5, 6, 7, 8
for _, field in ipairs({ 'seq', 'deadline', 'hold', 'turned' }) do FIELDS[#FIELDS + 1] = field end

-- The time stands still while a script runs.
local present
local function clock()
  if not present then
    local time = redis.call('TIME')
    present = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  return present
end

local function integer(number)
  return string.format('%.0f', number)
end
