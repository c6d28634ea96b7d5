-- create, join and match. ARGV: mode, player, request, fingerprint, generation, name as JSON, epoch for a new
-- game, players, size, seconds, 1 when others may watch (of a new game; empty for join).
local mode, player, request, fingerprint, generation, name, epoch = unpack(ARGV, 1, 7)
local at = clock()
local game = load()

if game then
  local seq, reused = recall(player, request, fingerprint)
  if reused then return reused end
  if seq then
    -- The answer is old: the player may have left since.
    if not seat_of(game, player) then return refuse('not_a_player') end
    if is_fenced(player, generation) then return refuse('superseded') end
    claim(player, generation)
    return { 'ok', seq, 1, view(at) }
  end
  if mode == 'create' then return { 'exists' } end
  if is_fenced(player, generation) then return refuse('superseded') end
  if seat_of(game, player) then
    claim(player, generation)
    return { 'ok', game.seq, 0, view(at) }
  end
  if game.status == 'completed' then return refuse('game_over') end
  if game.status == 'active' or #roster_of(game) >= game.players then return refuse('game_full') end
  if is_fuller(MOST_FOR_JOINS) then return refuse('cluster_full') end
  if redis.call('HINCRBY', STATE, 'joins', 1) > MOST_JOINS then return refuse('game_full') end
else
  if mode == 'join' then return refuse('game_not_found') end
  if is_fuller(MOST_FOR_NEW) then return refuse('cluster_full') end
  local players, size, seconds = tonumber(ARGV[8]), tonumber(ARGV[9]), tonumber(ARGV[10])
  game = {
    epoch = epoch, seq = 0, status = 'waiting', players = players, size = size, seconds = seconds,
    free = size * size, seats = '[]', scores = {},
  }
  redis.call('HSET', STATE, 'epoch', epoch, 'seq', 0, 'status', 'waiting', 'players', players, 'size', size,
    'seconds', seconds, 'free', game.free, 'createdAt', integer(at))
  local spectators = ''
  if ARGV[11] == '1' then
    redis.call('HSET', STATE, 'spectators', 1)
    spectators = ',"spectators":true'
  end
  live()
  redis.call('SET', CELLS, string.rep('.', game.free))
  emit(game, at, '{"kind":"created","settings":{"players":' .. players .. ',"size":' .. size .. ',"seconds":' ..
    seconds .. spectators .. '}}')
end

local roster = roster_of(game)
local seat = #roster
roster[seat + 1] = { player, name }
game.scores[seat + 1] = 0
emit(game, at, '{"kind":"joined","player":"' .. player .. '","name":' .. name .. ',"seat":' .. seat .. '}',
  'roster', list(roster), 'scores', list(game.scores))
remember(player, request, fingerprint, game.seq)
local seq = game.seq
claim(player, generation)

if seat + 1 == game.players then
  local ends = at + game.seconds * 1000
  redis.call('HSET', STATE, 'status', 'active', 'startedAt', integer(at), 'endsAt', integer(ends))
  emit(game, at, '{"kind":"started","startedAt":' .. integer(at) .. ',"endsAt":' .. integer(ends) .. '}')
  expire(game.seconds + LINGER_SECONDS)
else
  expire(WAITING_SECONDS)
end
return { 'ok', seq, 0, view(at) }
