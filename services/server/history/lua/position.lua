-- Of one of many histories: the newest entry there is.
local function open(first)
  HEAD = KEYS[first]
end
local function each()
  return { 'position', before[1], redis.call('HGET', HEAD, 'seq') or '0' }
end
