-- Records what the owner of one of many games decided: all of it or nothing. Hold, epoch and seq that the owner goes on
-- from, lease in milliseconds, 'before' or 'after' the end of the game's time that this was decided for (or '' when
-- it does not matter); then four counted lists:
-- players whose sockets act (player, generation); events (kind, JSON, two details); answers (field, fingerprint,
-- how manieth event); fields of the state (field, value).
local function each(...)
  local hold, epoch, seq, lease, moment = ...
  local given = { ... }
  local next_argument = 6
  local function counted(width)
    local count, items = tonumber(given[next_argument]), {}
    next_argument = next_argument + 1
    for index = 1, count do
      items[index] = { unpack(given, next_argument, next_argument + width - 1) }
      next_argument = next_argument + width
    end
    return items
  end
  local actors, events, answers, fields = counted(2), counted(4), counted(3), counted(2)

  local known, status, ends_at, held = before[5], before[6], before[10], before[16]
  if before[1] then
    if held ~= hold then return { 'fenced' } end
    if before[1] ~= epoch or known ~= seq then return { 'moved' } end
  else
    if redis.call('GET', LEASE) ~= hold then return { 'fenced' } end
    if seq ~= '0' then return { 'moved' } end
  end
  for index, actor in ipairs(actors) do
    if is_fenced(actor[1], actor[2]) then return { 'superseded', index } end
  end
  local at = clock()
  if status == 'active' then
    local isOver = at >= tonumber(ends_at)
    if (moment == 'before' and isOver) or (moment == 'after' and not isOver) then return { 'time', at } end
  end

  for _, event in ipairs(events) do
    local most = event[1] == 'created' and MOST_FOR_NEW or event[1] == 'joined' and MOST_FOR_JOINS
    if most and is_fuller(most) then return { 'full' } end
  end

  -- What changes nothing shall not wait for the disk either.
  if #events > 0 or #fields > 0 then redis.call('SET', LEASE, hold, 'PX', lease) end
  local game = { epoch = epoch, seq = tonumber(seq) }
  if #events > 0 and not before[1] then
    redis.call('HSET', STATE, 'epoch', epoch, 'status', 'waiting', 'createdAt', integer(at), 'hold', hold)
    live()
  end
  for _, actor in ipairs(actors) do
    if #events > 0 or before[1] then claim(actor[1], actor[2]) end
  end
  local first, keep = game.seq, nil
  for _, event in ipairs(events) do
    local kind, json, one, two = unpack(event)
    if kind == 'captured' then
      redis.call('SETRANGE', CELLS, one, two)
    elseif kind == 'created' then
      redis.call('SET', CELLS, string.rep('.', tonumber(one)))
      keep = WAITING_SECONDS
    elseif kind == 'started' then
      local ends = at + tonumber(one) * 1000
      json = '{"kind":"started","startedAt":' .. integer(at) .. ',"endsAt":' .. integer(ends) .. '}'
      redis.call('HSET', STATE, 'status', 'active', 'startedAt', integer(at), 'endsAt', integer(ends))
      keep = tonumber(one) + LINGER_SECONDS
    elseif kind == 'finished' then
      redis.call('HSET', STATE, 'status', 'completed', 'finishedAt', integer(at), 'reason', one, 'ranking', two)
      keep = LINGER_SECONDS
    elseif kind == 'left' and one == '0' then
      keep = EMPTY_SECONDS
    else
      keep = WAITING_SECONDS
    end
    emit(game, at, json)
  end
  for _, answer in ipairs(answers) do
    redis.call('HSET', ANSWERS, answer[1], answer[2] .. ' ' .. (first + tonumber(answer[3])))
  end
  for _, field in ipairs(fields) do redis.call('HSET', STATE, field[1], field[2]) end
  if keep then expire(keep) end
  return { 'ok', at }
end
