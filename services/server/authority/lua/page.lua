-- ARGV: epoch ('' for the present one), seq, most. Returns at most `most` kept events after seq, or from the beginning
-- of the epoch when another epoch is given. Events of an earlier epoch may still be there, under other numbers.
if not before[1] then return refuse('game_not_found') end
local opened = tonumber(redis.call('HGET', HEAD, 'opened') or 0)
local after = tonumber(ARGV[2])
if ARGV[1] ~= '' and ARGV[1] ~= before[1] then after = opened end
local from = math.max(after, opened)
return { 'page', before[1], before[SEQ], integer(after),
  redis.call('XRANGE', EVENTS, integer(from + 1) .. '-0', '+', 'COUNT', ARGV[3]) }
