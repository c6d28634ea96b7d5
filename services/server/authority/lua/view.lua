-- The whole game, for who is in it already.
if not before[1] then return refuse('game_not_found') end
return { 'view', view(clock()) }
