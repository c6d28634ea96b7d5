-- KEYS: what a player or an address has spent, a field a rate. ARGV: the rate's name, how much it gains a second, the most
-- it holds, and how much to take. Gives 0, or the milliseconds until there is enough; then nothing is taken.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local gain, most, count = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local left, at = string.match(redis.call('HGET', KEYS[1], ARGV[1]) or '', '^(%S+) (%d+)$')
left = math.min(most, (tonumber(left) or most) + math.max(0, now - (tonumber(at) or now)) / 1000 * gain)
local wait = math.ceil((count - left) / gain * 1000)
if wait > 0 then return wait end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.3f %.0f', left - count, now))
-- Gone when nothing is missing: a rate that nobody has spent from needs no key.
local full = math.ceil((most - left + count) / gain * 1000)
if full > redis.call('PTTL', KEYS[1]) then redis.call('PEXPIRE', KEYS[1], full) end
return 0
