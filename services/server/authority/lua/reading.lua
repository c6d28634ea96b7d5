-- Shared by the scripts that read one room.
local function refuse(code)
  return { 'refused', code }
end

local function is_member(player)
  return string.find(redis.call('HGET', HEAD, 'members') or '', '"' .. player .. '"', 1, true) ~= nil
end

-- The data from which the state is folded: the newest snapshot and the events after it.
local function room()
  local head = redis.call('HMGET', HEAD, 'epoch', 'seq', 'snapshot')
  local from = head[3] and string.match(head[3], '^%d+') or '0'
  return { 'room', integer(clock()), head[1], head[2], head[3] or '',
    redis.call('XRANGE', EVENTS, (tonumber(from) + 1) .. '-0', '+') }
end

-- What a client that knows the room up to seq has missed: exactly the events after seq, or the whole room. Exact only
-- if the client was away no longer than the window, in milliseconds.
local function since(epoch, seq, now, window)
  local newest = tonumber(before[SEQ])
  if epoch == before[1] and seq <= newest then
    local head = redis.call('HMGET', HEAD, 'opened', 'over', 'public')
    local entries = seq >= tonumber(head[1] or 0) and redis.call('XRANGE', EVENTS, (seq + 1) .. '-0', '+')
    local missed = entries and entries[1] and string.match(entries[1][2][2], '"at":(%d+)')
    if entries and #entries == newest - seq and (not missed or tonumber(now) - tonumber(missed) <= tonumber(window)) then
      return { 'events', epoch, newest, before[DEADLINE] or '', head[2] or '', head[3] or '', entries }
    end
  end
  return room()
end
