-- The clock's end of a game; the first replica that calls after time is let through.
local game = load()
if not game then return refuse('game_not_found') end
if game.status == 'waiting' then return refuse('game_not_active') end
if game.status == 'completed' then return { 'ok', 0 } end
local at = clock()
if at < game.endsAt then return { 'ok', game.endsAt - at } end
finish(game, at, 'time')
return { 'ok', 0 }
