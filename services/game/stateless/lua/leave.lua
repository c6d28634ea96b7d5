-- ARGV: player, request, fingerprint, generation.
local player, request, fingerprint, generation = unpack(ARGV, 1, 4)
local game = load()
if not game then return refuse('game_not_found') end
local known, reused = recall(player, request, fingerprint)
if reused then return reused end
if known then return { 'ok', known, 1, game.epoch } end
if is_fenced(player, generation) then return refuse('superseded') end
local seat = seat_of(game, player)
if not seat then return refuse('not_a_player') end
claim(player, generation)
-- Once the game runs the seat and its cells stay: who left may come back.
if game.status ~= 'waiting' then return { 'ok', game.seq, 0, game.epoch } end

table.remove(game.roster, seat + 1)
table.remove(game.scores, seat + 1)
redis.call('HSET', STATE, 'roster', list(game.roster), 'scores', list(game.scores))
emit(game, clock(), '{"kind":"left","player":"' .. player .. '","seat":' .. seat .. '}')
remember(player, request, fingerprint, game.seq)
expire(WAITING_SECONDS)
return { 'ok', game.seq, 0, game.epoch }
