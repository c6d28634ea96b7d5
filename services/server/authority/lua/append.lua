-- Appends a decision for one of many rooms: all of it or nothing. ARGV from `first` on: the hold of the writer ('' when
-- any replica may write), the epoch and seq from which it continues, its lease in milliseconds ('' to leave that as it
-- is). Then the time for which it decided, the part of `maxmemory` that the store may use ('' for any) and the seconds
-- to keep the room ('' to leave that as it is). With a new snapshot, how long and how many events are kept ("<ms>
-- <events>"). Then '1' when the writer listens to the room and nobody else did when it last wrote ('' otherwise). Then
-- five counted lists: actors (fields of the head, then as many generations); keys of the requests; events; answers
-- (key, value); fields of the head (field, value).

-- How far the writer's clock may be from the store's, in milliseconds.
local EARLY, LATE = 250, 2000
-- Answers, by which repeats are recognised, are kept this many times as long as events; half as long when there are
-- more answers than kept events.
local TURN, TURN_SOONER = 4, 0.5
-- The most events to return to a writer that has missed some.
local MOST_MISSED = 256

-- The newest generations of the actors are read with the rest of the head.
local ACTORS, COMMON = 9, #FIELDS
local open_room = open
local function open(key, first)
  open_room(key)
  local count = tonumber(ARGV[first + ACTORS])
  for index = 1, count do FIELDS[COMMON + index] = ARGV[first + ACTORS + index] end
  for index = #FIELDS, COMMON + count + 1, -1 do FIELDS[index] = nil end
end

-- Whether the store uses more than a share of its `maxmemory`; always false without one.
local function is_fuller(share)
  local memory = redis.call('INFO', 'memory')
  local most = tonumber(string.match(memory, '\nmaxmemory:(%d+)') or 0)
  return most > 0 and tonumber(string.match(memory, '\nused_memory:(%d+)')) > share * most
end

-- Answers that were given to some of the requests: { 'known', index, answer, ... }, or nil.
local function known_of(first, count)
  local stored = redis.call('HMGET', ANSWERS, unpack(ARGV, first, first + count - 1))
  local older = before[TURNED] and redis.call('HMGET', OLDER, unpack(ARGV, first, first + count - 1))
  local known
  for index = 1, count do
    local answer = stored[index] or (older and older[index])
    if answer then
      known = known or { 'known' }
      known[#known + 1] = index
      known[#known + 1] = answer
    end
  end
  return known
end

-- Forgets the sockets of players who left, except those opened after `time` (milliseconds). Older sockets are closed.
local function forget_sockets(time)
  local fields = redis.call('HGETALL', HEAD)
  local left = {}
  for index = 1, #fields, 2 do
    local player = string.match(fields[index], '^generation:(.*)$')
    if player and tonumber(fields[index + 1]) < 1000 * time then left[player] = fields[index] end
  end
  for player in string.gmatch(redis.call('HGET', HEAD, 'members') or '', '"([^"]*)"') do left[player] = nil end
  for _, field in pairs(left) do redis.call('HDEL', HEAD, field) end
end

-- With each snapshot, deletes what nobody needs any more.
local function tidy(seq, at, kept)
  local window, most = string.match(kept, '^(%d+) (%d+)$')
  window = tonumber(window)
  local marks = redis.call('HMGET', HEAD, 'mark', 'marked', 'answersSince')
  if not marks[1] then
    redis.call('HSET', HEAD, 'mark', seq, 'marked', integer(at))
  elseif at - tonumber(marks[2]) >= window then
    redis.call('XTRIM', EVENTS, 'MINID', (tonumber(marks[1]) + 1) .. '-0')
    redis.call('HSET', HEAD, 'mark', seq, 'marked', integer(at))
  end
  redis.call('XTRIM', EVENTS, 'MAXLEN', most)
  local age = at - tonumber(marks[3] or at)
  if not marks[3] then
    redis.call('HSET', HEAD, 'answersSince', integer(at))
  elseif age >= TURN * window or (age >= TURN_SOONER * window and redis.call('HLEN', ANSWERS) > tonumber(most)) then
    if redis.call('EXISTS', ANSWERS) == 1 then
      redis.call('RENAME', ANSWERS, OLDER)
      -- The next answers may come without `keep`: their key is made now, so that it expires with the room.
      redis.call('HSET', ANSWERS, '', '')
      redis.call('PEXPIRE', ANSWERS, redis.call('PTTL', HEAD))
    end
    redis.call('HSET', HEAD, 'answersSince', integer(at), 'turned', '1')
    forget_sockets(at - TURN * window)
  end
end

-- Announces new events to the replicas that listen to the room, and returns how many do. A writer that is the only one needs
-- no announcement: it delivers what it wrote once it has the answer.
local function announce(epoch, seq, first, events, alone)
  if alone ~= '' then
    local listeners = redis.call('PUBSUB', 'SHARDNUMSUB', EVENTS)[2]
    if listeners <= 1 then return listeners end
  end
  local listeners = 0
  for index = 1, events do
    listeners = redis.call('SPUBLISH', EVENTS, epoch .. ' ' .. (seq + index) .. ' ' .. ARGV[first + index])
  end
  return listeners
end

local function each(first)
  local hold, epoch, seq, lease, now, share, keep, kept, alone = unpack(ARGV, first, first + 8)
  if before[1] then
    if hold ~= '' and before[HOLD] ~= hold then return { 'fenced' } end
    if before[1] ~= epoch or before[SEQ] ~= seq then
      if hold ~= '' or before[1] ~= epoch then return { 'moved' } end
      return { 'moved', redis.call('XRANGE', EVENTS, (tonumber(seq) + 1) .. '-0', '+', 'COUNT', MOST_MISSED) }
    end
  else
    if hold ~= '' and redis.call('GET', LEASE) ~= hold then return { 'fenced' } end
    if seq ~= '0' then return { 'moved' } end
  end

  local actors = first + ACTORS
  local acting = tonumber(ARGV[actors])
  local next = actors + 1 + 2 * acting
  local count = tonumber(ARGV[next])
  if count > 0 and before[1] then
    local known = known_of(next + 1, count)
    if known then return known end
  end
  next = next + 1 + count

  local written = {}
  for index = 1, acting do
    local generation, newest = ARGV[actors + acting + index], before[COMMON + index]
    if newest ~= generation then
      if newest and tonumber(generation) < tonumber(newest) then return { 'superseded', index } end
      written[#written + 1] = ARGV[actors + index]
      written[#written + 1] = generation
    end
  end

  local at, moment = clock(), tonumber(now)
  local deadline = tonumber(before[DEADLINE] or '')
  if moment - at > EARLY or at - moment > LATE or (deadline and (at >= deadline) ~= (moment >= deadline)) then
    return { 'time', at }
  end
  if share ~= '' and is_fuller(tonumber(share)) then return { 'full' } end

  local events, number = tonumber(ARGV[next]), tonumber(seq)
  for index = 1, events do
    redis.call('XADD', EVENTS, (number + index) .. '-0', 'message', ARGV[next + index])
  end
  local announced = next
  next = next + 1 + events
  count = tonumber(ARGV[next])
  if count > 0 then redis.call('HSET', ANSWERS, unpack(ARGV, next + 1, next + 2 * count)) end
  next = next + 1 + 2 * count
  for index = next + 1, next + 2 * tonumber(ARGV[next]) do written[#written + 1] = ARGV[index] end
  if events > 0 then
    written[#written + 1] = 'seq'
    written[#written + 1] = number + events
    if not before[1] then
      redis.call('HSET', HEAD, 'epoch', epoch)
      if hold ~= '' then redis.call('HSET', HEAD, 'hold', hold) end
      live()
    end
    if lease ~= '' then redis.call('SET', LEASE, hold, 'PX', lease) end
  end
  -- A request that changes nothing does not wait for the disk, and creates no room.
  if #written > 0 and (before[1] or events > 0) then redis.call('HSET', HEAD, unpack(written)) end
  if kept ~= '' then tidy(number + events, at, kept) end
  if keep ~= '' then
    for _, key in ipairs({ HEAD, EVENTS, ANSWERS, OLDER }) do redis.call('EXPIRE', key, keep) end
  end
  return { 'ok', events > 0 and announce(epoch, number, announced, events, alone) or 0 }
end
