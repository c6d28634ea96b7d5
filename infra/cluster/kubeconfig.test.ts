import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { ConfigError } from '../config/config.ts';
import { pickContext, readKubeconfig } from './kubeconfig.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-kubeconfig-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const kubeconfig = (...names: string[]) =>
  stringify({
    'current-context': names[0],
    clusters: names.map((name) => ({
      name: `${name}-cluster`,
      cluster: { server: `https://${name}.example`, 'certificate-authority': 'ca.pem' },
    })),
    users: names.map((name) => ({ name: `${name}-user`, user: { token: `${name}-token` } })),
    contexts: names.map((name) => ({ name, context: { cluster: `${name}-cluster`, user: `${name}-user` } })),
  });

const write = (name: string, text: string): string => {
  const file = path.join(directory, name);
  writeFileSync(file, text);
  return file;
};

test('a context is taken with its cluster and user, its files made absolute, and nobody else', () => {
  const picked = pickContext(kubeconfig('prod', 'staging'), 'staging', '/srv/kube')!;
  assert.deepEqual(parse(picked), {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'staging-cluster',
        cluster: { server: 'https://staging.example', 'certificate-authority': '/srv/kube/ca.pem' },
      },
    ],
    users: [{ name: 'staging-user', user: { token: 'staging-token' } }],
    contexts: [{ name: 'staging', context: { cluster: 'staging-cluster', user: 'staging-user' } }],
    'current-context': 'staging',
  });
});

test('without a context the current one is taken, and one that is not there is none', () => {
  assert.match(pickContext(kubeconfig('prod', 'staging'), '', '/')!, /prod-token/);
  assert.equal(pickContext(kubeconfig('prod'), 'staging', '/'), undefined);
  assert.equal(pickContext('', '', '/'), undefined);
});

test('the file of the configuration wins; without one, the first of KUBECONFIG that has the context', () => {
  const [one, two] = [write('one', kubeconfig('prod')), write('two', kubeconfig('staging'))];
  const env = { KUBECONFIG: [one, path.join(directory, 'gone'), two].join(path.delimiter) };
  assert.match(readKubeconfig({ kubeconfig: '', context: 'staging' }, env), /staging-token/);
  assert.match(readKubeconfig({ kubeconfig: one, context: '' }, env), /prod-token/);
});

test('a file or a context that is not there is refused with a sentence', () => {
  const file = write('three', kubeconfig('prod'));
  const refused = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.match(error.message, pattern);
    return true;
  };
  assert.throws(() => readKubeconfig({ kubeconfig: '/gone/config', context: '' }), refused(/\/gone\/config cannot be/));
  assert.throws(() => readKubeconfig({ kubeconfig: file, context: 'dev' }), refused(/has a context dev .*three/));
});
