-- One of many captures: player, request, fingerprint, generation, cell.
local function each(player, request, fingerprint, generation, cell)
  local game, seat, reply = admit(player, request, fingerprint, generation)
  if reply then return reply end
  if game.status == 'waiting' then return refuse('game_not_active') end
  if game.status == 'completed' then return refuse('game_over') end
  local at = clock()
  if at >= game.endsAt then
    finish(game, at, 'time')
    return refuse('game_over')
  end
  if tonumber(cell) >= game.size * game.size then return refuse('cell_out_of_range') end
  if redis.call('GETRANGE', CELLS, cell, cell) ~= '.' then return refuse('cell_taken') end

  redis.call('SETRANGE', CELLS, cell, seat)
  game.scores[seat + 1] = game.scores[seat + 1] + 1
  game.free = game.free - 1
  local scores = list(game.scores)
  emit(game, at, '{"kind":"captured","player":"' .. player .. '","seat":' .. seat .. ',"cell":' .. cell ..
    ',"scores":' .. scores .. '}', 'scores', scores, 'free', game.free)
  local seq = game.seq
  remember(player, request, fingerprint, seq)
  if game.free == 0 then finish(game, at, 'board') end
  return { 'ok', seq, 0, game.epoch }
end
