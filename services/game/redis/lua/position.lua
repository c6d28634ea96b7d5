return { 'position', before[1], redis.call('HGET', HEAD, 'seq') or '0' }
