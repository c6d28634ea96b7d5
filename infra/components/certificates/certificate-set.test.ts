import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fingerprintOf, nameConstraints, namesOfHost, union } from './certificate-set.ts';

const redis = { dnsNames: ['chat-redis.play.svc'], ipAddresses: [] };
const local = union([namesOfHost('localhost'), redis]);
const cloud = union([namesOfHost('game.example'), redis]);

test('the edge is for the host, and on loopback for all its names', () => {
  assert.deepEqual(namesOfHost('localhost'), { dnsNames: ['localhost'], ipAddresses: ['127.0.0.1', '::1'] });
  assert.deepEqual(namesOfHost('game.example'), { dnsNames: ['game.example'], ipAddresses: [] });
  assert.deepEqual(namesOfHost('203.0.113.7'), { dnsNames: [], ipAddresses: ['203.0.113.7'] });
  assert.deepEqual(namesOfHost('game.example', true).dnsNames, ['game.example', 'localhost']);
});

test('an intermediate may sign for the names of its leaves, and for no address when they have none', () => {
  const { permitted, excluded } = nameConstraints(cloud) as ReturnType<typeof nameConstraints> & {
    permitted: { ipRanges?: string[] };
  };
  assert.deepEqual(permitted, { dnsDomains: ['game.example', 'chat-redis.play.svc'] });
  assert.deepEqual(excluded, { ipRanges: ['0.0.0.0/0', '::/0'] });
  const loopback = nameConstraints(local);
  assert.deepEqual('ipRanges' in loopback.permitted && loopback.permitted.ipRanges, ['127.0.0.1/32', '::1/128']);
  assert.equal('excluded' in loopback, false);
});

test('other names have another fingerprint', () => {
  assert.notEqual(fingerprintOf(local), fingerprintOf(cloud));
  assert.equal(fingerprintOf(local), fingerprintOf(union([namesOfHost('localhost'), redis])));
});
