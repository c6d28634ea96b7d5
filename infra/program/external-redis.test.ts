import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../config/config.ts';
import { rootsOf, urlOf } from './external-redis.ts';

test('an address that only the engine can decrypt is refused with the fix', () => {
  assert.throws(
    () => urlOf({ redisUrl: '' }),
    (error: Error) => error instanceof ConfigError && /is encrypted.*--redis-url/.test(error.message),
  );
});

test('missing or invalid roots are refused with a sentence; without a file the public ones are used', () => {
  assert.equal(rootsOf({ redisCaFile: '' }), undefined);
  assert.throws(
    () => rootsOf({ redisCaFile: '/nowhere.pem' }),
    /redisCaFile, \/nowhere\.pem, cannot be read \(ENOENT\)/,
  );
  assert.throws(() => rootsOf({ redisCaFile: import.meta.filename }), /holds no certificate/);
});
