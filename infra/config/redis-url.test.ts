import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ConfigError, stackConfig } from './config.ts';
import { parseRedisUrl } from './redis-url.ts';

const configured = (redisUrl: string) =>
  stackConfig('prod', { 'gridlock:redis': 'external', 'gridlock:redisUrl': redisUrl }).redisUrl;

for (const [url, address] of [
  ['redis://cache', { tls: false, hosts: ['cache:6379'] }],
  ['rediss://cache.example:6380/2', { tls: true, hosts: ['cache.example:6380'], database: 2 }],
  ['rediss://app:hush@cache:65535/', { tls: true, username: 'app', password: 'hush', hosts: ['cache:65535'] }],
  ['redis://:hu%40sh@[::1]:7000', { tls: false, password: 'hu@sh', hosts: ['[::1]:7000'] }],
  ['redis://[2001:db8::7]', { tls: false, hosts: ['[2001:db8::7]:6379'] }],
  ['redis://:x@one,two:7000/0', { tls: false, password: 'x', hosts: ['one:6379', 'two:7000'] }],
] as const) {
  test(`${url} is read as a whole`, () => {
    assert.deepEqual(parseRedisUrl(url), { username: undefined, password: undefined, database: 0, ...address });
    assert.equal(configured(url), url);
  });
}

for (const [what, url, reason] of [
  ['a query', 'redis://cache:6379?password=hush', /a query, which no replica would get/],
  ['a query after a database', 'rediss://cache/0?tls=hush', /a query/],
  ['a fragment', 'redis://:pass@cache#hush', /a fragment/],
  ['a password with a bare #', 'redis://:hush#1@cache', /write # as %23/],
  ['a password with a bare @', 'redis://:hush@1@cache', /write it as %40/],
  ['a password with a bare /', 'redis://:hush/1@cache', /not the number of a database/],
  ['a password with a bare %', 'redis://:hush%zz@cache', /write % as %25/],
  ['a user without a password', 'rediss://hush@cache', /a user without a password/],
  ['a user with an empty password', 'rediss://hush:@cache', /a user without a password/],
  ['a port above 65535', 'redis://:hush@cache:99999', /a port that is not from 1 to 65535/],
  ['port 0', 'redis://:hush@cache:0', /a port/],
  ['a port that is not a number', 'redis://:hush@cache:port', /an invalid host/],
  ['no host', 'redis://:hush@', /an invalid host/],
  ['an empty host in a Cluster', 'redis://:hush@one,,two', /an invalid host/],
  ['IPv6 without brackets', 'redis://:hush@::1', /an invalid host/],
  ['a blank', 'redis://:hush@cache :1', /a blank/],
  ['a path that is not a database', 'redis://:hush@cache/games', /not the number of a database/],
  ['a database of a Cluster', 'redis://:hush@one,two/1', /only database 0/],
  ['another scheme', 'http://:hush@cache', /not a redis:\/\/ or rediss:\/\/ address/],
  ['capitals in the scheme', 'Redis://:hush@cache', /not a redis:\/\/ or rediss:\/\/ address/],
] as const) {
  test(`${what} is refused with the reason and without the address`, () => {
    assert.throws(
      () => configured(url),
      (error: Error) => error instanceof ConfigError && reason.test(error.message) && !error.message.includes('hush'),
    );
  });
}

test('an accepted address is read as in the standard, and no part of it is dropped', () => {
  const part = fc.string({ maxLength: 12, unit: fc.constantFrom(...'ab1:@/?#,%.[]-_ ') });
  fc.assert(
    fc.property(fc.constantFrom('redis', 'rediss'), part, (scheme, rest) => {
      const text = `${scheme}://${rest}`;
      let address: ReturnType<typeof parseRedisUrl>;
      try {
        address = parseRedisUrl(text);
      } catch {
        return;
      }
      if (address.hosts.length > 1) return;
      const url = new URL(text);
      assert.equal(`${url.hostname}:${url.port || 6379}`, address.hosts[0]);
      assert.equal(decodeURIComponent(url.username), address.username ?? '');
      assert.equal(decodeURIComponent(url.password), address.password ?? '');
      assert.equal(Number(url.pathname.slice(1)), address.database);
      assert.deepEqual([url.search, url.hash], ['', '']);
    }),
    { numRuns: 5000 },
  );
});
