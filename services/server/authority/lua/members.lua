return { 'members', redis.call('HGET', HEAD, 'members') }
