import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allNames, fingerprintOf, leafNames, nameConstraints } from './certificate-set.ts';

const local = { host: 'localhost', namespace: 'gridlock', cluster: 'kind' } as const;
const cloud = { host: 'game.example', namespace: 'play', cluster: 'eks' } as const;

test('the edge is for the host, and on loopback for all its names', () => {
  assert.deepEqual(leafNames(local, 'edge'), {
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1', '::1'],
  });
  assert.deepEqual(leafNames(cloud, 'edge'), { dnsNames: ['game.example'], ipAddresses: [] });
  assert.deepEqual(leafNames({ ...cloud, host: '203.0.113.7' }, 'edge'), {
    dnsNames: [],
    ipAddresses: ['203.0.113.7'],
  });
  assert.deepEqual(leafNames({ ...local, host: 'game.example' }, 'edge').dnsNames, ['game.example', 'localhost']);
});

test('Redis and the metrics API are for their services, in the namespace of the game', () => {
  assert.ok(leafNames(cloud, 'redis').dnsNames.includes('redis.play.svc'));
  assert.deepEqual(leafNames(cloud, 'metrics-api').dnsNames, [
    'metrics-api.play.svc',
    'metrics-api.play.svc.cluster.local',
  ]);
});

test('an intermediate may sign for the names of its leaves, and for no address where there is none', () => {
  const { permitted, excluded } = nameConstraints(allNames(cloud)) as ReturnType<typeof nameConstraints> & {
    permitted: { ipRanges?: string[] };
  };
  assert.ok(permitted.dnsDomains.includes('game.example'));
  assert.equal(permitted.ipRanges, undefined);
  assert.deepEqual(excluded, { ipRanges: ['0.0.0.0/0', '::/0'] });
  const loopback = nameConstraints(allNames(local));
  assert.deepEqual('ipRanges' in loopback.permitted && loopback.permitted.ipRanges, ['127.0.0.1/32', '::1/128']);
  assert.equal('excluded' in loopback, false);
});

test('other names have another fingerprint', () => {
  assert.notEqual(fingerprintOf(allNames(local)), fingerprintOf(allNames(cloud)));
  assert.equal(fingerprintOf(allNames(local)), fingerprintOf(allNames({ ...local })));
});
