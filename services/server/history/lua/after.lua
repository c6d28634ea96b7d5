-- KEYS[2]: the stream. ARGV: epoch, seq. The entries after seq, if the epoch still is that one.
if before[1] ~= ARGV[1] then return { 'other' } end
return { 'entries', redis.call('XRANGE', KEYS[2], (tonumber(ARGV[2]) + 1) .. '-0', '+') }
