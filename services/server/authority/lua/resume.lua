-- ARGV: player, generation, epoch, seq, now, window. What a member has missed.
local player, generation, epoch, seq, now, window = unpack(ARGV, 1, 6)
if not before[1] then return refuse('game_not_found') end
if not is_member(player) then return refuse('not_a_player') end
local newest = redis.call('HGET', HEAD, 'generation:' .. player)
if newest and tonumber(generation) < tonumber(newest) then return refuse('superseded') end
if newest ~= generation then redis.call('HSET', HEAD, 'generation:' .. player, generation) end
return since(epoch, tonumber(seq), now, window)
