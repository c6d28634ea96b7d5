-- ARGV: player, epoch, seq, now, window. The events that a watcher has missed. Changes nothing.
local player, epoch, seq, now, window = unpack(ARGV, 1, 5)
if not before[1] then return refuse('game_not_found') end
if redis.call('HGET', HEAD, 'public') ~= '1' and not is_member(player) then return refuse('not_a_player') end
return since(epoch, tonumber(seq), now, window)
