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
  ['a skipped step of a rollover', {}, pki(['g2'], 'g2'), /^pki changes\. Clients would be shown a root/],
  ['dropping the root that issues', pki(['g1', 'g2'], 'g1'), pki(['g2'], 'g2'), /^pki changes\. /],
] as const) {
  test(`refused: ${what}`, () => {
    const { refused, losses } = changes(before, after);
    assert.equal(refused.length, 1);
    assert.match(refused[0]!, pattern);
    assert.deepEqual(losses, []);
  });
}

for (const [what, before, after] of [
  ['the number of workers outside kind', ELSEWHERE, { workers: 3 }],
  ['one Redis to three', {}, { redis: 'sentinel' }],
  ['a larger volume in the cloud', ELSEWHERE, { redisStorage: '2Gi' }],
  ['the same size of a volume in another unit', { redisStorage: '1Gi' }, { redisStorage: '1024Mi' }],
  ['three Redis to one', { redis: 'sentinel' }, { redis: 'single' }],
  ['a larger volume on kind with another storage class', { redisStorageClass: 'grows' }, { redisStorage: '2Gi' }],
  ['another provider of an existing cluster', ELSEWHERE, { cluster: 'gke' }],
  ['no Redis to one', { ...SERVER, redis: 'none' }, { redis: 'single' }],
  ['no Redis to three', { ...SERVER, redis: 'none' }, { redis: 'sentinel' }],
  [
    'an external Redis to one in the stack',
    { redis: 'external', redisUrl: 'redis://r:1' },
    { redis: 'single', redisUrl: '' },
  ],
  ['ACME to files', { ...ACME, certificatesDir: 'c' }, { certificates: 'files' }],
  [
    "the stack's chain to ACME, while Redis still uses the chain",
    { ...ACME, certificates: 'cert-manager' },
    { certificates: 'acme' },
  ],
  ['a root without a chain', FILES, pki(['g2'], 'g2')],
  ['no cert-manager, which was never installed', FILES, { charts: { certManager: { install: false } } }],
  ['the size of a volume that does not exist', { redis: 'external', redisUrl: 'redis://r:1' }, { redisStorage: '2Gi' }],
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
  ['removing the only Redis', { ...SERVER, redis: 'single' }, { redis: 'none' }, 'The data in Redis'],
  ["the stack's chain to files", {}, FILES, "The root key of the stack's chain"],
  [
    "the stack's chain to ACME, without a Redis that uses the chain",
    { ...SERVER, ...ACME, redis: 'none', certificates: 'cert-manager' },
    { certificates: 'acme' },
    "The root key of the stack's chain",
  ],
  ['removing cert-manager', {}, { charts: { certManager: { install: false } } }, 'Every certificate of cert-manager'],
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
