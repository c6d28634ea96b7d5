-- The whole room.
if not before[1] then return refuse('game_not_found') end
return room()
