-- ARGV: player, epoch, seq, now, window. What somebody who watches has missed. Changes nothing.
local player, epoch, seq, now, window = unpack(ARGV, 1, 5)
local game = load()
if not game then return refuse('game_not_found') end
if not game.watchable and not seat_of(game, player) then return refuse('not_a_player') end
return since(game, epoch, tonumber(seq), now, window)
