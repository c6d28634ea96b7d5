import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { FakeCluster } from './cluster-testing.ts';
import {
  DEV,
  FakeProject,
  STATE_WITH_CLUSTER,
  STATE_WITH_OWN_CLUSTER,
  STATE_WITH_OWNER,
  STATE_WITH_PROTECTED,
} from './testing.ts';

let project: FakeProject;
beforeEach(() => {
  project = new FakeProject();
});
afterEach(() => project.remove());

const commands = () => project.calls().map(({ command }) => command);

/** Includes the programs that the scripts of a kind cluster use. */
const withShell = () => ({ PATH: `${project.path('bin')}:/usr/bin:/bin` });

/** Brings the fake stack up, and forgets how. */
async function up(args: readonly string[] = []): Promise<void> {
  const { code, stderr } = await project.run('up', ['--yes', ...args]);
  assert.equal(code, 0, stderr);
  project.calls();
  project.tell('state', STATE_WITH_CLUSTER);
  project.tell('nodes', 'gridlock-control-plane running\n');
}

test('npm run down destroys what the state knows, then forgets stack, state and passphrase', async () => {
  await up();
  const { code, stderr } = await project.run('down', ['--yes']);
  assert.equal(code, 0, stderr);
  assert.deepEqual(commands(), ['stack export', 'destroy', 'stack rm']);
  assert.ok(!existsSync(project.path('.gridlock/pulumi')));
  assert.ok(!existsSync(project.path('.gridlock/kubernetes')));
  assert.equal(project.read('Pulumi.dev.yaml'), DEV);
});

test('a kind cluster that the stack made is deleted as a whole, and the rest is forgotten', async () => {
  await up();
  project.tell('state', STATE_WITH_OWN_CLUSTER);
  const { code, stdout, stderr } = await project.run('down', ['--yes'], withShell());
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^The kind cluster gridlock is deleted, and the stack/m);
  assert.deepEqual(commands(), ['stack export', 'kind delete cluster --name gridlock', 'stack rm']);
  assert.ok(!existsSync(project.path('.gridlock/pulumi')));
});

test('a kind cluster that cannot be deleted is not forgotten', async () => {
  await up();
  project.tell('state', STATE_WITH_OWN_CLUSTER);
  project.tell('kind-fails', '');
  const { code, stderr } = await project.run('down', ['--yes'], withShell());
  assert.equal(code, 1);
  assert.match(stderr, /ERROR: as planned/);
  assert.ok(!commands().includes('stack rm'));
});

test('a cluster whose creation was interrupted is deleted, although the state does not have it', async () => {
  await up();
  project.tell('state', STATE_WITH_OWNER);
  mkdirSync(project.path('.local/state/gridlock/kind'), { recursive: true });
  project.write('.local/state/gridlock/kind/gridlock', 'us\nmaking 1\n');
  const { code, stderr } = await project.run('down', ['--yes'], withShell());
  assert.equal(code, 0, stderr);
  assert.deepEqual(commands(), ['stack export', 'kind delete cluster --name gridlock', 'stack rm']);
  assert.ok(!existsSync(project.path('.local/state/gridlock/kind/gridlock')));
});

test('nothing is taken down while an engine is at work on the stack', async () => {
  await up();
  project.tell('state', STATE_WITH_OWN_CLUSTER);
  project.lock('alive', process.pid);
  const { code, stderr } = await project.run('down', ['--yes']);
  assert.equal(code, 2);
  assert.match(stderr, /is at work on the stack dev: wait until it is done/);
  assert.deepEqual(commands(), []);
});

test('a stack with protected resources is not taken down, and a sentence says how to do it', async () => {
  await up();
  project.tell('state', STATE_WITH_PROTECTED);
  const { code, stderr } = await project.run('down', ['--yes']);
  assert.equal(code, 2);
  assert.match(stderr, /protects redis, .*take a backup, set gridlock:protect to false in Pulumi\.dev\.yaml/);
  assert.deepEqual(commands(), ['stack export']);
});

test('a second npm run down does nothing and says so', async () => {
  await up();
  await project.run('down', ['--yes']);
  project.calls();
  rmSync(project.path('fake/nodes'));
  const { code, stdout } = await project.run('down', ['--yes']);
  assert.equal(code, 0);
  assert.equal(stdout, 'The stack dev is not up.\n');
  assert.deepEqual(commands(), []);
});

test('a kind cluster that this state did not make is named, not deleted', async () => {
  project.tell('nodes', 'gridlock-control-plane running\n');
  const { code, stdout } = await project.run('down', ['--yes']);
  assert.equal(code, 0);
  assert.match(stdout, /to delete it: kind delete cluster --name gridlock\n$/);
});

test('a cluster that is gone is forgotten without a request to it', async () => {
  await up();
  project.tell('nodes', '');
  const { code, stdout } = await project.run('down', ['--yes']);
  assert.equal(code, 0);
  assert.match(stdout, /^The kind cluster gridlock is gone already; the stack is forgotten\.$/m);
  const calls = project.calls();
  assert.deepEqual(
    calls.map(({ command }) => command),
    ['stack export', 'stack rm'],
  );
  assert.ok(calls[1]!.args.includes('--force') && calls[1]!.args.includes('--preserve-config'));
  assert.ok(!existsSync(project.path('.gridlock/pulumi')));
});

test('a stack that was never finished is destroyed although there is no cluster', async () => {
  await up();
  project.tell('state', '{"deployment":{"resources":[{"type":"random:index:RandomId","urn":"x"}]}}');
  project.tell('nodes', '');
  await project.run('down', ['--yes']);
  assert.deepEqual(commands(), ['stack export', 'destroy', 'stack rm']);
});

test('down looks for the cluster that up was given', async () => {
  await up(['--cluster-name', 'other']);
  project.tell('nodes', '');
  const { stdout } = await project.run('down', ['--yes']);
  assert.match(stdout, /The kind cluster other is gone already/);
});

test('another stack of the same directory keeps state and passphrase', async () => {
  await up();
  project.write('Pulumi.second.yaml', DEV);
  await project.run('up', ['--yes', '--stack', 'second']);
  await project.run('down', ['--yes', '--stack', 'second']);
  assert.ok(existsSync(project.path('.gridlock/pulumi/passphrase')));
  assert.ok(existsSync(project.path('.gridlock/pulumi/project/Pulumi.dev.yaml')));
  assert.ok(!existsSync(project.path('.gridlock/pulumi/project/Pulumi.second.yaml')));
});

test('a destroy that fails ends with exit code 1 and forgets nothing', async () => {
  await up();
  project.tell('fails-at', 'destroy');
  const { code } = await project.run('down', ['--yes']);
  assert.equal(code, 1);
  assert.ok(!commands().includes('stack rm'));
  assert.ok(existsSync(project.path('.gridlock/pulumi/passphrase')));
});

test('a cluster elsewhere that is gone is forgotten by --unreachable only: by a refresh, then a destroy', async () => {
  const cluster = new FakeCluster();
  project.write('kubeconfig', await cluster.start());
  const keys = [
    'cluster: existing',
    'context: here',
    `kubeconfig: ${project.path('kubeconfig')}`,
    'image: r.example/g:1',
  ];
  project.write('Pulumi.dev.yaml', `${DEV}${keys.map((key) => `  gridlock:${key}\n`).join('')}`);
  await up();
  await cluster.stop();
  project.tell('fails-at', 'destroy');
  const failed = await project.run('down', ['--yes']);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /gone for good: npm run down -- --unreachable/);
  project.calls();
  project.tell('fails-at', '');
  const { code, stderr } = await project.run('down', ['--yes', '--unreachable']);
  assert.equal(code, 0, stderr);
  const calls = project.calls();
  assert.deepEqual(
    calls.map(({ command, env }) => [command, env.PULUMI_K8S_DELETE_UNREACHABLE]),
    [
      ['stack export', undefined],
      ['state unprotect', undefined],
      ['refresh', 'true'],
      ['destroy', 'true'],
      ['stack rm', undefined],
    ],
  );
});

test('npm run down asks for a confirmation, so it needs a terminal or --yes', async () => {
  await up();
  const { code, stderr } = await project.run('down');
  assert.equal(code, 2);
  assert.match(stderr, /npm run down -- --yes/);
  assert.deepEqual(commands(), []);
});

test('other files in the state directory stay', async () => {
  mkdirSync(project.path('.gridlock/pki'), { recursive: true });
  writeFileSync(project.path('.gridlock/pki/root.pem'), 'r');
  await up();
  await project.run('down', ['--yes']);
  assert.equal(project.read('.gridlock/pki/root.pem'), 'r');
});
