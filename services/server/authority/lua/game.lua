-- Shared by the scripts of one game. KEYS: the state (hash), the board (string of one character a cell), the
-- events (stream, and the channel of the same name), the answers given (hash) and the lease of who holds the game in
-- memory, all under one hash tag.
local STATE, CELLS, EVENTS, ANSWERS, LEASE, CODE
local function open(first)
  STATE, CELLS, EVENTS, ANSWERS, LEASE = unpack(KEYS, first, first + 4)
  HEAD, CODE = STATE, string.match(STATE, '{(.-)}')
end
open(1)
-- From the fifth on, after those of the guard.
for _, field in ipairs({ 'seq', 'status', 'players', 'size', 'seconds', 'endsAt', 'free', 'roster', 'scores', 'opened',
  'spectators', 'hold' }) do FIELDS[#FIELDS + 1] = field end

local WAITING_SECONDS, LINGER_SECONDS = 3600, 900
-- Everybody left it before it began. Long enough for the repeat of a request, short enough that rooms made and left in
-- turns do not fill the store.
local EMPTY_SECONDS = 60
-- How full the store may be, of its `maxmemory`, for another game, and for another player in one. What is left above is
-- for the moves of the games that run, which are never refused for it.
local MOST_FOR_NEW, MOST_FOR_JOINS = 0.75, 0.85
-- Joining and leaving in turns must not grow a history without end.
local MOST_JOINS = 256

-- It stands still while a script runs.
local present
local function clock()
  if not present then
    local time = redis.call('TIME')
    present = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
  end
  return present
end

-- Whether the store is fuller than a share of its `maxmemory`; never where there is none.
local function is_fuller(share)
  local memory = redis.call('INFO', 'memory')
  local most = tonumber(string.match(memory, '\nmaxmemory:(%d+)') or 0)
  return most > 0 and tonumber(string.match(memory, '\nused_memory:(%d+)')) > share * most
end

local function integer(number)
  return string.format('%.0f', number)
end

local function refuse(code)
  return { 'refused', code }
end

-- As it was before anything was written.
local function load()
  local f = before
  if not f[1] then return nil end
  return {
    epoch = f[1], seq = tonumber(f[5]), status = f[6], players = tonumber(f[7]), size = tonumber(f[8]),
    seconds = tonumber(f[9]), endsAt = tonumber(f[10] or 0), free = tonumber(f[11]),
    -- Seat by seat, as JSON: [id, name as JSON].
    seats = f[12], scores = cjson.decode(f[13]),
    -- The seq at which the epoch began.
    opened = tonumber(f[14] or 0),
    watchable = f[15] == '1',
  }
end

-- An empty table would become an object.
local function list(table)
  if #table == 0 then return '[]' end
  return cjson.encode(table)
end

-- Seat by seat: { id, name as JSON }.
local function roster_of(game)
  return cjson.decode(game.seats)
end

-- Most requests need no more of the roster than this: it is looked for without taking the text apart. A quote within a
-- name has a backslash before it, so that `["` begins a seat and nothing else.
local function seat_of(game, player)
  local at = string.find(game.seats, '["' .. player .. '",', 1, true)
  if not at then return nil end
  local seat, from = -1, 1
  repeat
    seat, from = seat + 1, string.find(game.seats, '["', from, true) + 2
  until from > at
  return seat
end

local function expire(seconds)
  for _, key in ipairs({ STATE, CELLS, EVENTS, ANSWERS }) do redis.call('EXPIRE', key, seconds) end
end

-- The seq of the answer given before; or a refusal, when the id named another request then.
local function recall(player, request, fingerprint)
  local stored = redis.call('HGET', ANSWERS, player .. ':' .. request)
  if not stored then return nil end
  local known, seq = string.match(stored, '^(%S+) (%d+)$')
  if known ~= fingerprint then return nil, refuse('id_reused') end
  return tonumber(seq)
end

local function remember(player, request, fingerprint, seq)
  redis.call('HSET', ANSWERS, player .. ':' .. request, fingerprint .. ' ' .. seq)
end

local function generation_of(player)
  return redis.call('HGET', STATE, 'generation:' .. player)
end

local function is_fenced(player, generation, newest)
  newest = newest or generation_of(player)
  return newest and tonumber(generation) < tonumber(newest)
end

local function claim(player, generation, newest)
  if (newest or generation_of(player)) ~= generation then
    redis.call('HSET', STATE, 'generation:' .. player, generation)
  end
end

-- What a request of a seated player begins with: the game and the seat, or the reply with which it ends here.
local function admit(player, request, fingerprint, generation)
  local game = load()
  if not game then return nil, nil, refuse('game_not_found') end
  local known, reused = recall(player, request, fingerprint)
  if reused then return nil, nil, reused end
  if known then return nil, nil, { 'ok', known, 1, game.epoch } end
  local newest = generation_of(player)
  if is_fenced(player, generation, newest) then return nil, nil, refuse('superseded') end
  local seat = seat_of(game, player)
  if not seat then return nil, nil, refuse('not_a_player') end
  claim(player, generation, newest)
  return game, seat, nil
end

-- Beside the seq, further fields of the state and their values may be written.
local function emit(game, at, event, ...)
  game.seq = game.seq + 1
  local message = '{"type":"event","game":"' .. CODE .. '","epoch":"' .. game.epoch .. '","seq":' .. game.seq ..
    ',"at":' .. integer(at) .. ',"event":' .. event .. '}'
  redis.call('XADD', EVENTS, game.seq .. '-0', 'message', message)
  redis.call('HSET', STATE, 'seq', game.seq, ...)
  redis.call('SPUBLISH', EVENTS, game.epoch .. ' ' .. game.seq .. ' ' .. message)
end

local function finish(game, at, reason)
  local entries = {}
  for index, entry in ipairs(roster_of(game)) do
    local better = 0
    for _, score in ipairs(game.scores) do
      if score > game.scores[index] then better = better + 1 end
    end
    entries[index] = { rank = better + 1, seat = index, id = entry[1], name = entry[2], score = game.scores[index] }
  end
  table.sort(entries, function(left, right)
    if left.rank ~= right.rank then return left.rank < right.rank end
    return left.seat < right.seat
  end)
  local parts = {}
  for index, entry in ipairs(entries) do
    parts[index] = '{"rank":' .. entry.rank .. ',"player":"' .. entry.id .. '","name":' .. entry.name ..
      ',"score":' .. entry.score .. '}'
  end
  local ranking = '[' .. table.concat(parts, ',') .. ']'
  emit(game, at, '{"kind":"finished","reason":"' .. reason .. '","ranking":' .. ranking .. '}')
  redis.call('HSET', STATE, 'status', 'completed', 'finishedAt', integer(at), 'reason', reason, 'ranking', ranking)
  expire(LINGER_SECONDS)
end

-- The whole game, as the snapshot is made of it.
local function view(at)
  return { integer(at), redis.call('HGETALL', STATE), redis.call('GET', CELLS) }
end

-- What who knows the game up to there has missed: exactly the events after seq, or the whole game.
-- Exactly only to who was away no longer than the window, in milliseconds.
local function since(game, epoch, seq, now, window)
  if epoch == game.epoch and seq >= game.opened and seq <= game.seq then
    local entries = redis.call('XRANGE', EVENTS, (seq + 1) .. '-0', '+')
    local missed = entries[1] and string.match(entries[1][2][2], '"at":(%d+)')
    if #entries == game.seq - seq and (not missed or tonumber(now) - tonumber(missed) <= tonumber(window)) then
      return { 'events', game.epoch, game.seq, game.status, integer(game.endsAt), entries, game.watchable and 1 or 0 }
    end
  end
  return { 'view', view(clock()) }
end
