import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { Key } from '../config/keys.ts';
import { unfinishedStep, withoutMark, withRotation } from './pki-file.ts';
import { encryptedKeys, remakeStackFile } from './stack-file.ts';

const flags = (values: Partial<Record<Key, string>> = {}) =>
  new Map(Object.entries(values).map(([key, value]) => [key as Key, { value }]));
const SECURE = 'config:\n  gridlock:redisUrl: { secure: v1:abc }\nencryptionsalt: v1:one\n';

test('an empty or missing file makes an empty configuration', () => {
  assert.deepEqual(parse(remakeStackFile('', '', flags())), { config: {} });
  assert.deepEqual(parse(remakeStackFile('config:\n', '', flags({ workers: '1' }))), {
    config: { 'gridlock:workers': '1' },
  });
});

test('a key without its namespace is the same key: a flag replaces it, and its secret is found', () => {
  const made = parse(remakeStackFile('config:\n  replicas: 7 # seven\n', '', flags({ replicas: '3' })));
  assert.deepEqual(made, { config: { 'gridlock:replicas': '3' } });
  assert.deepEqual(encryptedKeys('config:\n  redisUrl: { secure: v1:abc }\n'), ['gridlock:redisUrl']);
  const kept = parse(remakeStackFile('config:\n  redisUrl: ""\n', SECURE, flags()));
  assert.deepEqual(kept.config, { 'gridlock:redisUrl': { secure: 'v1:abc' } });
});

test('salt and secrets of the last copy stay, its other values go', () => {
  const last = SECURE.replace('config:\n', 'config:\n  gridlock:workers: "5"\n');
  assert.deepEqual(parse(remakeStackFile('config:\n  gridlock:redis: external\n', last, flags())), {
    config: { 'gridlock:redis': 'external', 'gridlock:redisUrl': { secure: 'v1:abc' } },
    encryptionsalt: 'v1:one',
  });
});

test('values of the checked-in file win over the last copy', () => {
  const checkedIn = 'config:\n  gridlock:redisUrl: redis://plain:6379\n';
  assert.equal(parse(remakeStackFile(checkedIn, SECURE, flags())).config['gridlock:redisUrl'], 'redis://plain:6379');
});

test('secrets of another salt are dropped, because they can no longer be decrypted', () => {
  assert.deepEqual(parse(remakeStackFile('config: {}\nencryptionsalt: v1:two\n', SECURE, flags())), {
    config: {},
    encryptionsalt: 'v1:two',
  });
});

test('a secret flag is not written in clear text', () => {
  assert.doesNotMatch(remakeStackFile('', '', flags({ redisUrl: 'redis://:hidden@h:1' })), /hidden/);
});

test('encrypted values are found by their shape', () => {
  assert.deepEqual(encryptedKeys(SECURE), ['gridlock:redisUrl']);
  assert.deepEqual(encryptedKeys('config:\n  gridlock:pki: { secure: x, leaf: 1 }\n  gridlock:port: 1\n'), []);
  assert.deepEqual(encryptedKeys(''), []);
});

const PKI = { generations: ['g1'], issuing: 'g1', intermediate: 1, leaf: 1 };
const NEXT = { ...PKI, leaf: 2 };

for (const [what, text] of [
  ['an empty file', ''],
  ['a file without pki', '# a\nconfig:\n  # b\n  gridlock:port: 1 # c\n  # d\n'],
  [
    'a pki that comes first, with comments',
    '# a\nconfig:\n  # b\n  gridlock:pki: { leaf: 1 } # c\n  gridlock:port: 1\n',
  ],
  ['a pki without its namespace', 'config:\n  pki: { leaf: 1 } # c\n'],
  ['a pki that comes last, with comments', 'config:\n  gridlock:port: 1\n  # b\n  gridlock:pki:\n    leaf: 1\n  # d\n'],
] as const) {
  test(`${what} takes a rotation, its note and its end, and keeps its comments`, () => {
    const marked = withRotation(text, 'leaf', PKI, NEXT);
    assert.equal(unfinishedStep(text), undefined);
    assert.equal(unfinishedStep(marked), 'leaf');
    const { config } = parse(marked);
    assert.deepEqual(config['gridlock:pki'] ?? config.pki, NEXT);
    assert.equal('pki' in config && 'gridlock:pki' in config, false);
    const done = withoutMark(marked);
    assert.equal(unfinishedStep(done), undefined);
    assert.deepEqual(parse(done), parse(marked));
    for (const comment of text.match(/# [a-d]/g) ?? []) assert.match(done, new RegExp(comment));
    assert.equal((done.match(/#/g) ?? []).length, (text.match(/#/g) ?? []).length);
  });
}

test('a file without a note is returned as it is', () => {
  const text = 'config:   {gridlock:port:   1}\n';
  assert.equal(withoutMark(text), text);
});
