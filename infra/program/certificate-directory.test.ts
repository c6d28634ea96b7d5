import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import * as pulumi from '@pulumi/pulumi';
import { CertificateFiles } from '../components/certificates/certificate-files.ts';
import { ConfigError, stackConfig } from '../config/config.ts';
import { record } from '../render/recorder.ts';
import {
  CertificateDirectoryError,
  ensureCertificateDirectory,
  readCertificateDirectory,
} from './certificate-directory.ts';
import { certificatesOf, namesOf } from './certificates.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-certificates-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const config = stackConfig('dev', {
  'gridlock:certificates': 'files',
  'gridlock:certificatesDir': directory,
});
const names = namesOf(config);
const DAY_MS = 86_400_000;

before(async () => {
  assert.deepEqual(await ensureCertificateDirectory(directory, names), ['edge', 'redis']);
});

test('a second call keeps valid certificates, and issues those that are due again', async () => {
  assert.deepEqual(await ensureCertificateDirectory(directory, names), []);
  const later = mkdtempSync(path.join(os.tmpdir(), 'gridlock-certificates-'));
  try {
    await ensureCertificateDirectory(later, names, new Date(Date.now() - 6 * DAY_MS));
    assert.deepEqual(await ensureCertificateDirectory(later, names), ['edge', 'redis']);
  } finally {
    rmSync(later, { recursive: true, force: true });
  }
});

test('each leaf has its own key and the intermediate, and leads to the root', () => {
  const { roots, leaves } = readCertificateDirectory(directory, names);
  const root = new X509Certificate(roots);
  const keys = new Set<string>();
  for (const { chain, key } of Object.values(leaves)) {
    const [leaf, intermediate, ...others] = chain.split(/(?<=-----END CERTIFICATE-----\n)/);
    assert.deepEqual(others, []);
    const issuer = new X509Certificate(intermediate!);
    assert.ok(new X509Certificate(leaf!).verify(issuer.publicKey));
    assert.ok(issuer.verify(root.publicKey));
    keys.add(key);
  }
  assert.equal(keys.size, 2);
});

test('the files become Secrets and the trusted roots, without cert-manager', async () => {
  const recording = await record(() => {
    const made = new CertificateFiles('gridlock', { namespace: 'gridlock', ...certificatesOf(config).files! });
    return { rootCertificate: made.rootCertificate, edgeSecret: made.edgeSecret };
  });
  recording.assertChildren('gridlock', [
    ['kubernetes:core/v1:ConfigMap', 'gridlock-roots'],
    ['kubernetes:core/v1:Secret', 'gridlock-edge'],
    ['kubernetes:core/v1:Secret', 'gridlock-redis'],
  ]);
  assert.equal(recording.registrations.length, 4);
  const secret = recording.one('kubernetes:core/v1:Secret', 'gridlock-edge');
  assert.equal(secret.inputs['type'], 'kubernetes.io/tls');
  assert.deepEqual(Object.keys(secret.inputs['stringData'] as object), ['tls.crt', 'tls.key']);
  assert.deepEqual(secret.secrets, ['stringData']);
  const { data } = recording.one('kubernetes:core/v1:ConfigMap').inputs as { data: Record<string, string> };
  assert.deepEqual(Object.keys(data), ['roots.pem']);
  assert.equal(recording.outputs.rootCertificate, data['roots.pem']);
  assert.equal(recording.outputs.edgeSecret, 'gridlock-files-edge-tls');
});

test('in a preview the files are known; only the names of Secrets wait until those exist', async () => {
  const recording = await record(
    () => {
      const made = new CertificateFiles('gridlock', {
        namespace: pulumi.output('gridlock'),
        ...certificatesOf(config).files!,
      });
      return { rootCertificate: made.rootCertificate };
    },
    { preview: true },
  );
  assert.match(String(recording.outputs.rootCertificate), /BEGIN CERTIFICATE/);
  assert.equal(recording.all('kubernetes:core/v1:Secret').length, 2);
});

test('an unusable directory is refused with the file and the fix', async () => {
  const at = (name: string) => path.join(directory, name);
  const [edge, redis] = [readFileSync(at('edge.pem'), 'utf8'), readFileSync(at('redis.pem'), 'utf8')];
  const refused = (message: RegExp, now?: Date) =>
    assert.throws(
      () => readCertificateDirectory(directory, names, now),
      (error: Error) => {
        assert.ok(error instanceof CertificateDirectoryError && error instanceof ConfigError);
        assert.match(error.message, message);
        return true;
      },
    );
  try {
    writeFileSync(at('edge.pem'), redis);
    refused(/edge\.pem is not for 127\.0\.0\.1, ::1: make it again/);
    writeFileSync(
      at('edge.pem'),
      edge.slice(0, edge.indexOf('-----BEGIN PRIVATE')) + redis.slice(redis.indexOf('-----BEGIN PRIVATE')),
    );
    refused(/The key in .*edge\.pem does not belong to its certificate/);
    writeFileSync(at('edge.pem'), 'nothing');
    refused(/edge\.pem does not hold a certificate and one unencrypted key/);
    rmSync(at('edge.pem'));
    refused(/edge\.pem cannot be read \(ENOENT\): certificatesDir has to hold root\.pem and edge\.pem, redis\.pem/);
  } finally {
    writeFileSync(at('edge.pem'), edge, { mode: 0o600 });
  }
  refused(/edge\.pem expired on/, new Date(Date.now() + 8 * DAY_MS));
});
