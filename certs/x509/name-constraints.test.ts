import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import 'reflect-metadata';
import { encodeNameConstraints, namesOutside } from './name-constraints.ts';
import { normalizeIpAddress, normalizeNames } from './names.ts';

const dnsNames = fc.uniqueArray(fc.domain(), { maxLength: 4 });
const ipAddresses = fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()).map(normalizeIpAddress), { maxLength: 4 });
const names = fc
  .tuple(dnsNames, ipAddresses)
  .filter(([dns, ips]) => dns.length + ips.length > 0)
  .map(([dns, ips]) => normalizeNames(dns, ips));

test('constraints made for names permit exactly these names again', () => {
  fc.assert(fc.property(names, (set) => namesOutside(encodeNameConstraints(set), set).length === 0));
});

test('constraints permit what is below a DNS name, and no other name that ends in the same letters', () => {
  const constraints = encodeNameConstraints(normalizeNames(['game.test'], []));
  const asked = normalizeNames(['eu.game.test', '*.game.test', 'endgame.test', 'test'], []);
  assert.deepEqual(namesOutside(constraints, asked), ['endgame.test', 'test']);
});

test('constraints without an IP address permit none', () => {
  const constraints = encodeNameConstraints(normalizeNames(['game.test'], []));
  const asked = normalizeNames([], ['127.0.0.1', '::1']);
  assert.deepEqual(namesOutside(constraints, asked), ['127.0.0.1', '::1']);
});

test('constraints without a DNS name permit none', () => {
  const constraints = encodeNameConstraints(normalizeNames([], ['192.0.2.1', '2001:db8::1']));
  const asked = normalizeNames(['localhost'], ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']);
  assert.deepEqual(namesOutside(constraints, asked), ['localhost', '192.0.2.2', '2001:db8::2']);
});
