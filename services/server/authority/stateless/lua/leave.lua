-- ARGV: player, request, fingerprint, generation.
local player, request, fingerprint, generation = unpack(ARGV, 1, 4)
local game, seat, reply = admit(player, request, fingerprint, generation)
if reply then return reply end
-- Once the game runs the seat and its cells stay: who left may come back.
if game.status ~= 'waiting' then return { 'ok', game.seq, 0, game.epoch } end

local roster = roster_of(game)
table.remove(roster, seat + 1)
table.remove(game.scores, seat + 1)
emit(game, clock(), '{"kind":"left","player":"' .. player .. '","seat":' .. seat .. '}',
  'roster', list(roster), 'scores', list(game.scores))
remember(player, request, fingerprint, game.seq)
expire(#roster == 0 and EMPTY_SECONDS or WAITING_SECONDS)
return { 'ok', game.seq, 0, game.epoch }
