import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { REPLICA_COMMANDS, replicaAccess } from '../../program/replica-access.ts';
import { type RedisPasswords, redisAcl, sentinelAcl } from './redis-users.ts';

const GAME = path.resolve(import.meta.dirname, '../../../services/server');
const passwords: RedisPasswords = {
  gridlock: 'a',
  probe: 'b',
  keeper: 'c',
  backup: 'f',
  replication: 'd',
  sentinel: 'e',
};
const sources = (pattern: string): string[] =>
  globSync(pattern, { cwd: GAME, exclude: (name) => /test/.test(name) }).map((file) =>
    readFileSync(path.join(GAME, file), 'utf8'),
  );
const allowed = new Set<string>(REPLICA_COMMANDS);

test('every command that a script of the game calls is allowed', () => {
  const called = sources('**/*.lua').flatMap((text) =>
    [...text.matchAll(/redis\.p?call\(\s*'(\w+)'(?:,\s*'([A-Z]+)')?/g)].map(([, name, part = '']) => {
      const whole = `${name}|${part}`.toLowerCase();
      return allowed.has(whole) ? whole : name!.toLowerCase();
    }),
  );
  assert.ok(called.length > 10);
  assert.deepEqual(
    [...new Set(called)].filter((name) => !allowed.has(name)),
    [],
  );
});

test('every command that the game sends is allowed', () => {
  const pattern = /(?:\bredis|\bpipeline|\bstore|\bnode)(?:\s*\)?)\s*\.(\w+)\(|^\s+\.(\w+)\(/gm;
  const known =
    /^(h(get|set|setnx|del|mget|getall|incrby)|get|set|del|x\w+|z\w+|p?expire|publish|spublish|s?subscribe|s?unsubscribe|time|info|eval|evalsha|multi|exec|incr|scan)$/;
  const sent = sources('**/*.ts')
    .flatMap((text) => [...text.matchAll(pattern)].map(([, one, two]) => (one ?? two)!.toLowerCase()))
    .filter((name) => known.test(name));
  assert.ok(sent.length > 5);
  assert.deepEqual(
    [...new Set(sent)].filter((name) => !allowed.has(name)),
    [],
  );
});

test('a password is written as its hash only, and the default user is off', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9]{20,40}$/), (password) => {
      const acl =
        redisAcl('sentinel', { ...passwords, gridlock: password }, replicaAccess) +
        sentinelAcl({ ...passwords, gridlock: password });
      assert.ok(!acl.includes(password));
      assert.ok(acl.includes(`user gridlock on #${createHash('sha256').update(password).digest('hex')} ~gridlock:* `));
      assert.match(acl, /^user default off /);
    }),
  );
});

test('a user without a password does not exist', () => {
  const { gridlock, probe, keeper } = passwords;
  const users = redisAcl('single', { gridlock, probe, keeper }).match(/^user \w+/gm);
  assert.deepEqual(users, ['user default', 'user gridlock', 'user probe', 'user keeper']);
});

test('a server may read the configuration only where it holds no password', () => {
  assert.match(redisAcl('single', passwords, replicaAccess), /user gridlock .*\+config\|get/);
  assert.doesNotMatch(redisAcl('sentinel', passwords, replicaAccess), /\+config\|get/);
});

test('your own server may do everything except administer Redis', () => {
  const [, rules] = /^user gridlock on #\w+ (.*)$/m.exec(redisAcl('sentinel', passwords)) ?? [];
  assert.equal(rules, '~* resetchannels &* +@all -@admin -@dangerous +info +role');
});

test('no user that can log in may do everything: every rule begins with no rights', () => {
  const lines = `${redisAcl('sentinel', passwords, replicaAccess)}${sentinelAcl(passwords)}`.trim().split('\n');
  for (const line of lines.filter((each) => !/^user (default off|backup) /.test(each))) {
    assert.match(line, / -@all/);
    assert.doesNotMatch(line, /\+@|nopass|>/);
  }
});

test('the user of backups reads and replaces what is stored, and nothing else', () => {
  const [, rules] = /^user backup on #\w+ (.*)$/m.exec(redisAcl('sentinel', passwords)) ?? [];
  assert.equal(
    rules,
    '~* resetchannels -@all +@write -migrate ' +
      '+auth +hello +ping +echo +select +info +dbsize +sync +psync +replconf',
  );
});
