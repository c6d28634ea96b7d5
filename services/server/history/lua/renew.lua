-- ARGV: the epoch that is over, because somebody saw more of it than there is; the one that follows.
if redis.call('HGET', HEAD, 'epoch') == ARGV[1] then
  redis.call('HSET', HEAD, 'epoch', ARGV[2], 'opened', redis.call('HGET', HEAD, 'seq') or 0)
end
return { 'ok' }
