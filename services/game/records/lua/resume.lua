-- ARGV: player, generation, epoch, seq. Either exactly the events after seq, or the whole game.
local player, generation, epoch = unpack(ARGV, 1, 3)
local seq = tonumber(ARGV[4])
local game = load()
if not game then return refuse('game_not_found') end
if not seat_of(game, player) then return refuse('not_a_player') end
if is_fenced(player, generation) then return refuse('superseded') end
claim(player, generation)
if epoch == game.epoch and seq >= game.opened and seq <= game.seq then
  local entries = redis.call('XRANGE', EVENTS, (seq + 1) .. '-0', '+')
  if #entries == game.seq - seq then
    return { 'events', game.epoch, game.seq, game.status, integer(game.endsAt), entries }
  end
end
return { 'view', view(clock()) }
