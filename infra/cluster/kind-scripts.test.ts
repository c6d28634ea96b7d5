// The commands of the kind cluster, run by a real shell against stand-ins of kind and docker.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { until } from '../../tests/kit/wait.ts';
import { CREATE, DELETE, REMOVE, UPDATE } from './kind-scripts.ts';

let directory: string;
const inDirectory = (name: string) => path.join(directory, name);
const log = () => (existsSync(inDirectory('log')) ? readFileSync(inDirectory('log'), 'utf8').trim().split('\n') : []);

function standIn(name: string, body: string): void {
  writeFileSync(inDirectory(name), `#!/bin/sh\n${body}\n`);
  chmodSync(inDirectory(name), 0o755);
}

/** A stand-in for kind that has the given clusters, and records its commands. */
function fakeKind(...clusters: string[]): void {
  standIn(
    'kind',
    `case "$1 $2" in
  "get clusters") printf '%s\\n' ${clusters.join(' ')} ;;
  *) echo "$*" >> "${inDirectory('log')}"; [ "$1" = create ] && cat > "${inDirectory('config')}"; echo working >&2 ;;
esac`,
  );
}

const environmentWith = (environment: Record<string, string>) => ({
  PATH: `${directory}:/usr/bin:/bin`,
  TMPDIR: directory,
  HOME: directory,
  CLUSTER: 'arena',
  OWNER: 'us',
  PORT: '9443',
  NODE_PORT: '30443',
  ...environment,
});

function run(script: string, environment: Record<string, string> = {}, input = '') {
  const env = environmentWith(environment);
  const result = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8', input, env });
  return { status: result.status, stdout: result.stdout.trim(), stderr: result.stderr };
}

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-kind-'));
  standIn('docker', `echo "$*" >> "${inDirectory('docker.log')}"`);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a missing cluster is made from the configuration on stdin', () => {
  fakeKind('other', 'arena-two');
  assert.deepEqual(run(CREATE, {}, 'nodes: []').stdout, 'created');
  assert.deepEqual(log(), ['create cluster --name arena --config - --wait 120s']);
  assert.equal(readFileSync(inDirectory('config'), 'utf8'), 'nodes: []');
});

test('a new cluster is made once pods reach the API server by its Service', () => {
  fakeKind('other');
  assert.equal(run(CREATE, {}, 'nodes: []').stdout, 'created');
  const asked = readFileSync(inDirectory('docker.log'), 'utf8');
  assert.match(asked, /^exec arena-control-plane kubectl .* rollout status daemonset\/kube-proxy --timeout 120s$/m);
  standIn('docker', 'echo "timed out waiting for the condition" >&2; exit 1');
  const { status, stdout } = run(CREATE, {}, 'nodes: []');
  assert.deepEqual([status, stdout], [1, '']);
});

const markFile = () => inDirectory('.local/state/gridlock/kind/arena');
function mark(...lines: string[]): void {
  mkdirSync(path.dirname(markFile()), { recursive: true });
  writeFileSync(markFile(), `${lines.join('\n')}\n`);
}

test('a cluster that was made is marked as ours, and recognized when the state does not have it', () => {
  fakeKind('other');
  run(CREATE, {}, 'nodes: []');
  assert.equal(readFileSync(markFile(), 'utf8'), 'us\nmade\n');
  fakeKind('arena');
  standIn('docker', 'echo 127.0.0.1:9443');
  assert.equal(run(CREATE).stdout, 'created');
  assert.equal(run(CREATE, { OWNER: 'others' }).stdout, 'adopted');
  assert.equal(run(CREATE, { OWNER: '' }).stdout, 'adopted');
});

test('a cluster whose creation was interrupted is made again, and is ours', async () => {
  standIn(
    'kind',
    `case "$1 $2" in
  "get clusters") [ -e "${inDirectory('nodes')}" ] && echo arena ;;
  "create cluster") touch "${inDirectory('nodes')}"; [ -e "${inDirectory('fast')}" ] || read -r _ <"${inDirectory('forever')}" ;;
  "delete cluster") rm -f "${inDirectory('nodes')}"; echo deleted >> "${inDirectory('log')}" ;;
esac`,
  );
  spawnSync('mkfifo', [inDirectory('forever')]);
  const first = spawn('/bin/sh', ['-c', CREATE], { env: environmentWith({}), stdio: ['pipe', 'ignore', 'ignore'] });
  first.stdin.end();
  const marked = () => (existsSync(markFile()) ? readFileSync(markFile(), 'utf8') : '');
  await until(() => existsSync(inDirectory('nodes')) && marked() !== '', 'kind is making the cluster');
  assert.match(marked(), /^us\nmaking \d+\n$/);
  // The engine ends the shell, but not the programs that it runs.
  first.kill('SIGKILL');
  await once(first, 'exit');
  writeFileSync(inDirectory('fast'), '');
  const { stdout, stderr } = run(CREATE);
  assert.equal(stdout, 'created');
  assert.match(stderr, /was interrupted while it made the kind cluster arena/);
  assert.deepEqual(log(), ['deleted']);
});

test('a creation that fails leaves no mark', () => {
  standIn('kind', '[ "$1" = create ] && exit 7; exit 0');
  assert.equal(run(CREATE).status, 7);
  assert.equal(existsSync(markFile()), false);
});

test('a removed cluster loses its mark', () => {
  fakeKind('arena');
  mark('us', 'made');
  assert.equal(run(REMOVE).status, 0);
  assert.deepEqual(log(), ['delete cluster --name arena']);
  assert.equal(existsSync(markFile()), false);
});

test('an existing cluster that maps the port is adopted', () => {
  fakeKind('arena');
  standIn('docker', 'echo 127.0.0.1:9443');
  assert.deepEqual(run(CREATE).stdout, 'adopted');
  assert.deepEqual(log(), []);
});

for (const [what, docker] of [
  ['another port', 'echo 127.0.0.1:19443'],
  ['no port', 'echo "no public port" >&2; exit 1'],
] as const) {
  test(`an existing cluster that maps ${what} is refused with a sentence`, () => {
    fakeKind('arena');
    standIn('docker', docker);
    const { status, stderr, stdout } = run(CREATE);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /The kind cluster arena exists, but does not map port 9443 .*clusterName/);
  });
}

test('without kind a sentence says how to get it', () => {
  const { status, stderr } = run(CREATE);
  assert.equal(status, 1);
  assert.match(stderr, /^kind is not on PATH: /);
});

test('a cluster that was made here is deleted; an adopted cluster stays', () => {
  fakeKind('arena');
  assert.equal(run(DELETE, { PULUMI_COMMAND_STDOUT: 'adopted' }).status, 0);
  assert.deepEqual(log(), []);
  assert.equal(run(DELETE, { PULUMI_COMMAND_STDOUT: 'created' }).status, 0);
  assert.deepEqual(log(), ['delete cluster --name arena']);
});

test('an update keeps the output of the creation', () => {
  assert.equal(run(UPDATE, { PULUMI_COMMAND_STDOUT: 'created' }).stdout, 'created');
});

test('no kubeconfig is left behind', () => {
  fakeKind();
  run(CREATE);
  run(DELETE, { PULUMI_COMMAND_STDOUT: 'created' });
  const left = spawnSync('ls', [directory], { encoding: 'utf8' }).stdout.trim().split('\n');
  assert.deepEqual(left.sort(), ['config', 'docker', 'docker.log', 'kind', 'log']);
});
