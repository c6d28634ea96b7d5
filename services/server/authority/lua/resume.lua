-- ARGV: player, generation, epoch, seq, now, window. What a player has missed.
local player, generation, epoch, seq, now, window = unpack(ARGV, 1, 6)
local game = load()
if not game then return refuse('game_not_found') end
if not seat_of(game, player) then return refuse('not_a_player') end
if is_fenced(player, generation) then return refuse('superseded') end
claim(player, generation)
return since(game, epoch, tonumber(seq), now, window)
