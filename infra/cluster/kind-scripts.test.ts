// The commands of the kind cluster, run by a real shell against stand-ins of kind and docker.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { CREATE, DELETE, UPDATE } from './kind-scripts.ts';

let directory: string;
const inDirectory = (name: string) => path.join(directory, name);
const log = () => (existsSync(inDirectory('log')) ? readFileSync(inDirectory('log'), 'utf8').trim().split('\n') : []);

function standIn(name: string, body: string): void {
  writeFileSync(inDirectory(name), `#!/bin/sh\n${body}\n`);
  chmodSync(inDirectory(name), 0o755);
}

/** A kind that knows the clusters given, and writes down what it is told to do. */
function fakeKind(...clusters: string[]): void {
  standIn(
    'kind',
    `case "$1 $2" in
  "get clusters") printf '%s\\n' ${clusters.join(' ')} ;;
  *) echo "$*" >> "${inDirectory('log')}"; [ "$1" = create ] && cat > "${inDirectory('config')}"; echo working >&2 ;;
esac`,
  );
}

function run(script: string, environment: Record<string, string> = {}, input = '') {
  const result = spawnSync('/bin/sh', ['-c', script], {
    encoding: 'utf8',
    input,
    env: {
      PATH: `${directory}:/usr/bin:/bin`,
      TMPDIR: directory,
      CLUSTER: 'arena',
      PORT: '9443',
      NODE_PORT: '30443',
      ...environment,
    },
  });
  return { status: result.status, stdout: result.stdout.trim(), stderr: result.stderr };
}

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-kind-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('a cluster that is not there is made from the configuration on stdin', () => {
  fakeKind('other', 'arena-two');
  assert.deepEqual(run(CREATE, {}, 'nodes: []').stdout, 'created');
  assert.deepEqual(log(), ['create cluster --name arena --config - --wait 120s']);
  assert.equal(readFileSync(inDirectory('config'), 'utf8'), 'nodes: []');
});

test('a cluster that is there and maps the port is adopted', () => {
  fakeKind('arena');
  standIn('docker', 'echo 127.0.0.1:9443');
  assert.deepEqual(run(CREATE).stdout, 'adopted');
  assert.deepEqual(log(), []);
});

for (const [what, docker] of [
  ['another port', 'echo 127.0.0.1:19443'],
  ['no port', 'echo "no public port" >&2; exit 1'],
] as const) {
  test(`a cluster that is there and maps ${what} is refused with a sentence`, () => {
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

test('a cluster that was made here is deleted, one that was adopted stays', () => {
  fakeKind('arena');
  assert.equal(run(DELETE, { PULUMI_COMMAND_STDOUT: 'adopted' }).status, 0);
  assert.deepEqual(log(), []);
  assert.equal(run(DELETE, { PULUMI_COMMAND_STDOUT: 'created' }).status, 0);
  assert.deepEqual(log(), ['delete cluster --name arena']);
});

test('an update keeps what the creation told', () => {
  assert.equal(run(UPDATE, { PULUMI_COMMAND_STDOUT: 'created' }).stdout, 'created');
});

test('no kubeconfig is left behind', () => {
  fakeKind();
  run(CREATE);
  run(DELETE, { PULUMI_COMMAND_STDOUT: 'created' });
  const left = spawnSync('ls', [directory], { encoding: 'utf8' }).stdout.trim().split('\n');
  assert.deepEqual(left.sort(), ['config', 'kind', 'log']);
});
