import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeProject } from './testing.ts';

let project: FakeProject;
beforeEach(async () => {
  project = new FakeProject();
  await project.run('up', ['--yes']);
  project.tell(
    'outputs',
    JSON.stringify({ url: 'https://localhost:8443/', kubeconfig: 'k', rootCertificate: 'one\ntwo\n' }),
  );
});
afterEach(() => project.remove());

test('the outputs are a table without secrets', async () => {
  const { code, stdout, stderr } = await project.run('outputs');
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trimEnd().split('\n'), [
    'kubeconfig       [secret]',
    'rootCertificate  one (and 1 lines more)',
    'url              https://localhost:8443/',
  ]);
});

test('one output is printed unchanged, even a secret when it is named', async () => {
  assert.equal((await project.run('outputs', ['kubeconfig'])).stdout, 'k\n');
  const { code, stderr } = await project.run('outputs', ['nothing']);
  assert.equal(code, 2);
  assert.match(stderr, /There is no output nothing: there are kubeconfig, rootCertificate, url\./);
});

test('--json prints all of them, --show-secrets the secret ones too', async () => {
  const hidden = JSON.parse((await project.run('outputs', ['--json'])).stdout) as Record<string, string>;
  const all = JSON.parse((await project.run('outputs', ['--json', '--show-secrets'])).stdout) as Record<string, string>;
  assert.deepEqual([hidden['kubeconfig'], all['kubeconfig']], ['[secret]', 'k']);
});

test('a stack that is not up has none', async () => {
  await project.run('down', ['--yes']);
  const { code, stderr } = await project.run('outputs');
  assert.equal(code, 2);
  assert.match(stderr, /The stack dev is not up, so it has no outputs/);
});
