import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateLevel, roleOf, shareLeft } from './certificates.ts';

const day = 86_400_000;
const certificate = { subject: 'localhost', issuer: 'intermediate', names: [], notBefore: 0, notAfter: 8 * day };

test('a certificate in the last quarter of its life is late, and one outside of it bad', () => {
  const levels = [0, 5.9 * day, 6.1 * day, 8 * day, -1].map((now) => certificateLevel(certificate, now));
  assert.deepEqual(levels, ['good', 'good', 'warn', 'bad', 'bad']);
  assert.deepEqual(
    [-1, 4 * day, 9 * day].map((now) => shareLeft(certificate, now)),
    [1, 0.5, 0],
  );
});

test('a chain begins with the leaf and ends, where it is known, with a root', () => {
  const by = (subject: string, issuer: string) => ({ ...certificate, subject, issuer });
  const chain = [certificate, by('intermediate', 'root'), by('root', 'root')];
  assert.deepEqual(
    chain.map((_, index) => roleOf(chain, index)),
    ['Leaf', 'Intermediate', 'Root'],
  );
});
