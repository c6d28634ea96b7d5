import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkRequest, createRequest, describeRequest } from './certificate-request.ts';
import { generateKeyPair, privateKeyPem } from './keys.ts';

/** A request with these bytes as its alternative name, which no tool would make. */
function requestFor(tag: number, name: Uint8Array): Buffer {
  const entry = Buffer.concat([Buffer.from([tag, name.length]), name]);
  const der = Buffer.concat([Buffer.from([0x30, entry.length]), entry])
    .toString('hex')
    .replace(/..(?=.)/g, '$&:');
  const directory = mkdtempSync(join(tmpdir(), 'gridlock-request-'));
  try {
    const key = join(directory, 'key.pem');
    writeFileSync(key, privateKeyPem(generateKeyPair('P-256').privateKey));
    const args = ['req', '-new', '-key', key, '-subj', '/CN=x', '-addext', `subjectAltName=DER:${der}`];
    return execFileSync('openssl', args, { stdio: 'pipe' });
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const DNS = 0x82;
const dns = async (name: string | Buffer) =>
  (await checkRequest(requestFor(DNS, Buffer.from(name as string)), 'r.csr')).names.dnsNames;

describe('the names of a request', () => {
  for (const [asked, certified] of [
    ['a.example', 'a.example'],
    ['A.Example.', 'a.example'],
    ['kühl.example', 'xn--khl-hoa.example'],
    ['*.kühl.example', '*.xn--khl-hoa.example'],
  ] as const) {
    test(`${asked} is certified as ${certified}`, async () => assert.deepEqual(await dns(asked), [certified]));
  }

  for (const [what, name] of [
    ['in Latin-1', Buffer.from('k\u00fchl.example', 'latin1')],
    ['with a soft hyphen in Latin-1', Buffer.from('pay\u00addesk.example', 'latin1')],
    ['with a soft hyphen in UTF-8', Buffer.from('pay\u00addesk.example')],
    ['with a superscript in UTF-8', Buffer.from('a\u00b2.example')],
    ['with a byte order mark', Buffer.from('\ufeffa.example')],
    ['with a line feed at its end', Buffer.from('a.example\n')],
    ['with a zero byte', Buffer.from('a.example\0.evil')],
    ['with a blank', Buffer.from('a.example ')],
    ['that is an address', Buffer.from('127.0.0.1')],
    ['that is empty', Buffer.from('')],
  ] as const) {
    test(`one ${what} is refused`, async () => {
      await assert.rejects(dns(name), { name: 'CertificateError', code: 'invalid_name' });
    });
  }

  test('an address of a wrong length is refused', async () => {
    for (const length of [0, 3, 5, 8, 15, 17, 32]) {
      const request = requestFor(0x87, Buffer.alloc(length, 10));
      await assert.rejects(checkRequest(request, 'r.csr'), { name: 'CertificateError' }, `${length} bytes`);
    }
  });
});

describe('a request is read as openssl reads it:', () => {
  const key = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n';
  const made = createRequest({ subject: [], dnsNames: ['a.example'], ipAddresses: [] });
  for (const [what, form] of [
    ['as it is', (pem: string) => pem],
    ['with blanks at line ends', (pem: string) => pem.replaceAll('\n', '  \n')],
    ['with the line ends of Windows', (pem: string) => pem.replaceAll('\n', '\r\n')],
    ['with a byte order mark', (pem: string) => `\ufeff${pem}`],
    ['with parameters before it', (pem: string) => key + pem],
    ['with text around it', (pem: string) => `Subject: CN=a\n\n${pem}\nbye\n`],
    ['with the old label', (pem: string) => pem.replaceAll('CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST')],
    ['in one line', (pem: string) => pem.replace(/(?<=[^-])\n(?=[^-])/g, '')],
    ['in DER', (pem: string) => Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64')],
  ] as const) {
    test(what, async () => {
      const { request } = await made;
      const { names } = await checkRequest(form(request), 'r.csr');
      assert.deepEqual(names.dnsNames, ['a.example']);
    });
  }

  test('with its key before it', async () => {
    const { request, privateKey } = await made;
    assert.deepEqual((await describeRequest(privateKeyPem(privateKey) + request, 'r.csr')).dnsNames, ['a.example']);
  });

  for (const [what, text] of [
    ['other text', 'hello'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'],
    ['no base64', '-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----\n'],
    ['something else in base64', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n'],
    ['half of it', '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n'],
    ['other bytes', Buffer.from([0x30, 0x82, 1, 2, 3])],
  ] as const) {
    test(`${what} is refused in one sentence`, async () => {
      await assert.rejects(checkRequest(text, 'r.csr'), {
        code: 'invalid_request',
        message: /^r\.csr is no certificate request in PEM or DER \(.*\): make one with csr or "openssl req -new"\.$/,
      });
    });
  }
});
