return { 'roster', redis.call('HGET', HEAD, 'roster') }
