-- The fields of the head that are read first. Other scripts add theirs, because one read of many fields costs the same.
local FIELDS = { 'epoch', 'life', 'run', 'durable' }
local before

-- A history of another life is not touched before it is decided whether it lost something: the reply with which it
-- ends here, or nil.
local function stranger()
  before = redis.call('HMGET', HEAD, unpack(FIELDS))
  if before[1] and before[2] ~= LIFE then
    return { 'stranger', before[2] or '-', before[3] or '-', before[4] or '0' }
  end
  -- A caller that knows an earlier life takes part in this one only after it has told what it saw.
  if KNOWN_LIFE ~= LIFE and KNOWN_LIFE ~= '-' then return { 'stranger', '', '', '0' } end
  -- The worst that was seen in a life counts for all of it.
  if before[4] == '1' and KNOWN_LIFE == LIFE and string.sub(KNOWN, -1) == '0' then
    redis.call('HSET', HEAD, 'durable', '0')
  end
  return nil
end
