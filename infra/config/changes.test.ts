import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changesSince, recorded, requireChangeable } from './changes.ts';
import { ConfigError, stackConfig } from './config.ts';

const config = (keys: Readonly<Record<string, unknown>> = {}) =>
  stackConfig(
    'dev',
    Object.fromEntries(
      Object.entries(keys).map(([key, value]) => [
        `gridlock:${key}`,
        typeof value === 'object' ? JSON.stringify(value) : String(value),
      ]),
    ),
  );
const changes = (before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) =>
  changesSince(recorded(config(before)), config(after));

test('equal values are not a change', () => {
  assert.deepEqual(changes({ redis: 'sentinel' }, { redis: 'sentinel' }), { refused: [], losses: [], costs: [] });
});

test('a record has no secret, and a key that it does not have is not compared', () => {
  const url = 'rediss://me:hidden@redis.example:6379';
  const record = recorded(config({ redis: 'external', redisUrl: url }));
  assert.doesNotMatch(record, /hidden/);
  assert.deepEqual(changesSince('{}', config({ workers: 3 })), { refused: [], losses: [], costs: [] });
});

const ELSEWHERE = { cluster: 'existing', context: 'c', image: 'r/i:1' };
const SERVER = { serverImage: 'r/chat:1' };
const FILES = { certificates: 'files', certificatesDir: 'c' };
const ACME = { certificates: 'acme', host: 'play.example.com', acmeEmail: 'a@example.com' };
const pki = (generations: string[], issuing: string) => ({ pki: { generations, issuing } });

for (const [what, before, after, pattern] of [
  [
    'the nodes of kind',
    {},
    { workers: 3 },
    /^workers changes from 2 to 3\. Kind cannot change the nodes of a cluster: /,
  ],
  ['the ports of kind', {}, { port: 9443 }, /^port changes from 8443 to 9443\. On kind/],
  ['the namespace', {}, { namespace: 'other' }, /^namespace changes from gridlock to other\. /],
  [
    'a volume that shrinks',
    { redisStorage: '2Gi' },
    { redisStorage: '1Gi' },
    /^redisStorage changes from 2Gi to 1Gi\. /,
  ],
  ['a volume of kind that grows', {}, { redisStorage: '2Gi' }, /^redisStorage changes from 1Gi to 2Gi\. /],
  [
    'the class of a volume',
    {},
    { redisStorageClass: 'fast' },
    /^redisStorageClass changes\b.*A volume keeps its class/,
  ],
  ['a step of a rollover that is skipped', {}, pki(['g2'], 'g2'), /^pki changes\. Clients would be shown a root/],
  ['a root that issues and is dropped', pki(['g1', 'g2'], 'g1'), pki(['g2'], 'g2'), /^pki changes\. /],
] as const) {
  test(`refused: ${what}`, () => {
    const { refused, losses } = changes(before, after);
    assert.equal(refused.length, 1);
    assert.match(refused[0]!, pattern);
    assert.deepEqual(losses, []);
  });
}

for (const [what, before, after] of [
  ['nodes of kind elsewhere', ELSEWHERE, { workers: 3 }],
  ['one Redis that becomes three', {}, { redis: 'sentinel' }],
  ['a volume that grows in the cloud', ELSEWHERE, { redisStorage: '2Gi' }],
  ['a volume that is said in another unit', { redisStorage: '1Gi' }, { redisStorage: '1024Mi' }],
  ['three that become one', { redis: 'sentinel' }, { redis: 'single' }],
  ['a volume of kind of another class', { redisStorageClass: 'grows' }, { redisStorage: '2Gi' }],
  ['the name of what runs a cluster', ELSEWHERE, { cluster: 'gke' }],
  ['no Redis that becomes one', { ...SERVER, redis: 'none' }, { redis: 'single' }],
  ['no Redis that becomes three', { ...SERVER, redis: 'none' }, { redis: 'sentinel' }],
  [
    'a Redis of others that becomes one',
    { redis: 'external', redisUrl: 'redis://r:1' },
    { redis: 'single', redisUrl: '' },
  ],
  ['ACME that becomes files', { ...ACME, certificatesDir: 'c' }, { certificates: 'files' }],
  [
    'ACME for an own chain, while Redis keeps the chain',
    { ...ACME, certificates: 'cert-manager' },
    { certificates: 'acme' },
  ],
  ['a root of a chain there is not', FILES, pki(['g2'], 'g2')],
  ['cert-manager that was never installed', FILES, { charts: { certManager: { install: false } } }],
  ['a volume there is not', { redis: 'external', redisUrl: 'redis://r:1' }, { redisStorage: '2Gi' }],
  ['the next step of a rollover', pki(['g1', 'g2'], 'g1'), pki(['g1', 'g2'], 'g2')],
  ['its last step', pki(['g1', 'g2'], 'g2'), pki(['g2'], 'g2')],
] as const) {
  test(`made: ${what}`, () => {
    const { refused, losses, costs } = changes(before, { ...before, ...after });
    assert.deepEqual([refused, losses], [[], []]);
    assert.equal(costs.length, 1);
  });
}

for (const [what, before, after, loss] of [
  ['one Redis that goes', { ...SERVER, redis: 'single' }, { redis: 'none' }, 'The data in Redis'],
  ['an own chain that files replace', {}, FILES, 'The root key of the own chain'],
  [
    'an own chain that ACME replaces, and no Redis keeps',
    { ...SERVER, ...ACME, redis: 'none', certificates: 'cert-manager' },
    { certificates: 'acme' },
    'The root key of the own chain',
  ],
  ['cert-manager that goes', {}, { charts: { certManager: { install: false } } }, 'Every certificate of cert-manager'],
] as const) {
  test(`lost: ${what}`, () => {
    const { refused, losses } = changes(before, { ...before, ...after });
    assert.deepEqual(refused, []);
    assert.equal(losses.length, 1);
    assert.match(losses[0]!, new RegExp(`${loss} is lost\\.$`));
  });
}

test('a change that loses data is refused until the loss is accepted', () => {
  const record = recorded(config());
  const after = config({ redis: 'external', redisUrl: 'rediss://redis.example' });
  assert.throws(() => requireChangeable(record, after, false), ConfigError);
  assert.deepEqual(requireChangeable(record, after, true).losses, [
    'redis changes from single to external. The data in Redis is lost.',
  ]);
  assert.throws(() => requireChangeable(record, config({ workers: 3 }), true), /workers changes/);
});
