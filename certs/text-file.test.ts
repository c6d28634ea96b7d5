import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { temporaryDirectory } from './testing/fixtures.ts';
import { readBase64Secret, readPassphrase, readText } from './text-file.ts';
import { generateKeyPair, privateKeyPem } from './x509/keys.ts';

const file = (t: TestContext, content: Uint8Array | string): string => {
  const path = join(temporaryDirectory(t), 'secret');
  writeFileSync(path, content);
  return path;
};
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

describe('a passphrase', () => {
  for (const [what, content, passphrase] of [
    ['with a byte order mark', '\ufeffopen-sesame\n', 'open-sesame'],
    ['with the line ends of Windows', 'open-sesame\r\nmore\r\n', 'open-sesame'],
    ['with the line ends of old Macs', 'open-sesame\rmore', 'open-sesame'],
    ['without a line end', 'grüße', 'grüße'],
    ['with blanks at its ends', ' open \n', ' open '],
  ] as const) {
    test(`${what} is read as it was typed`, (t) => assert.equal(readPassphrase(file(t, content)), passphrase));
  }

  for (const [what, content] of [
    ['Latin-1', Buffer.from('gr\u00fc\u00dfe\n', 'latin1')],
    ['UTF-16 with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('open-sesame\r\n')])],
    ['UTF-16 in the other byte order', Buffer.concat([Buffer.from([0xfe, 0xff]), utf16('open-sesame').swap16()])],
    ['UTF-16 without a mark', utf16('open-sesame')],
    ['UTF-8 that is cut short', Buffer.from('grüß').subarray(0, 5)],
    ['a zero byte', 'open\0sesame'],
  ] as const) {
    test(`in ${what} is refused with the fix`, (t) => {
      assert.throws(() => readPassphrase(file(t, content)), { code: 'unreadable', message: /save it as UTF-8\.$/ });
    });
  }

  test('opens the key that it encrypted, and no similar passphrase does', () => {
    const key = privateKeyPem(generateKeyPair('P-256').privateKey, 'grüße');
    assert.ok(createPrivateKey({ key, passphrase: Buffer.from('grüße', 'utf8') }));
    assert.throws(() => createPrivateKey({ key, passphrase: 'gräöe' }));
  });
});

test('text loses its byte order mark', (t) => assert.equal(readText(file(t, '\ufeff{}')), '{}'));

test('a secret in base64 is taken whole or refused', (t) => {
  assert.equal(readBase64Secret(file(t, '\ufeffc2VjcmV0\r\n')), 'c2VjcmV0');
  for (const content of ['', 'c2Vj cmV0', 'key: c2VjcmV0', '"c2VjcmV0"']) {
    assert.throws(() => readBase64Secret(file(t, content)), { code: 'invalid_usage' });
  }
});
