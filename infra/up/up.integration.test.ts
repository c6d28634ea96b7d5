import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { parse } from 'yaml';
import { recorded } from '../config/changes.ts';
import { stackConfig } from '../config/config.ts';
import { FakeCluster } from './cluster-testing.ts';
import { DEV, FakeProject, STATE_WITH_CLUSTER, stateWith } from './testing.ts';

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);

let project: FakeProject;
beforeEach(() => {
  project = new FakeProject();
});
afterEach(() => project.remove());

/** The recorded configuration of the stack of `DEV`, with or without other keys. */
const recordOf = (keys: Record<string, string>): string => {
  const values = Object.entries({ replicas: '3', ...keys }).map(([key, value]) => [`gridlock:${key}`, value]);
  return recorded(stackConfig('dev', Object.fromEntries(values)));
};

const upCall = () => project.calls().find(({ command }) => command === 'up')!;

describe('the first npm run up', () => {
  test('makes the stack under a new passphrase, then brings it up without a question', async () => {
    const { code, stderr } = await project.run('up', ['--yes']);
    assert.equal(code, 0, stderr);
    const calls = project.calls();
    assert.deepEqual(
      calls.map(({ command }) => command),
      ['stack init', 'up', 'stack output'],
    );
    assert.ok(calls[1]!.args.includes('--yes') && calls[1]!.args.includes('--skip-preview'));
    assert.match(calls[1]!.env.passphrase!, /^[0-9a-f]{64}\n$/);
    assert.equal(calls[1]!.env.PULUMI_BACKEND_URL, `file://${project.path('.gridlock/pulumi/state')}`);
    assert.equal(modeOf(project.path('.gridlock/pulumi/passphrase')), '600');
    assert.equal(modeOf(project.path('.gridlock/pulumi')), '700');
  });

  test('has this Node first on PATH', async () => {
    await project.run('up', ['--yes']);
    assert.equal(upCall().env.PATH?.split(':')[0], path.dirname(process.execPath));
  });

  test('leaves the checkout as it was: Pulumi writes into a working copy, which others cannot read', async () => {
    await project.run('up', ['--yes']);
    assert.equal(project.read('Pulumi.dev.yaml'), DEV);
    assert.deepEqual(readdirSync(project.root).sort(), ['.gridlock', 'Pulumi.dev.yaml', 'Pulumi.yaml', 'bin', 'fake']);
    assert.equal(modeOf(project.path('.gridlock/pulumi/project/Pulumi.dev.yaml')), '600');
  });
});

test('a second npm run up keeps stack, salt and passphrase', async () => {
  await project.run('up', ['--yes']);
  const first = upCall();
  await project.run('up', ['--yes']);
  const calls = project.calls();
  assert.ok(!calls.some(({ command }) => command === 'stack init'));
  const second = calls.find(({ command }) => command === 'up')!;
  assert.equal(parse(second.file!).encryptionsalt, 'v1:made');
  assert.equal(second.env.passphrase, first.env.passphrase);
});

test('a flag is written into the checked-in file, comments kept, and the next run goes on from it', async () => {
  const charts = '{"ingress":{"source":"./charts/ingress"}}';
  const { stdout } = await project.run('up', [
    '--yes',
    '--replicas',
    '6',
    '--charts',
    charts,
    '--state-dir',
    '.gridlock',
  ]);
  assert.match(stdout, /^Pulumi\.dev\.yaml now has replicas, charts from the flags\.$/m);
  assert.equal(
    project.read('Pulumi.dev.yaml'),
    DEV.replace('3 # three', '6 # three').replace(
      '# three\n',
      '# three\n  gridlock:charts: { ingress: { source: ./charts/ingress } }\n',
    ),
  );
  project.calls();
  await project.run('up', ['--yes']);
  const config = parse(upCall().file!).config;
  assert.deepEqual(config, { 'gridlock:replicas': 6, 'gridlock:charts': { ingress: { source: './charts/ingress' } } });
});

test('flags of a run that changed nothing are not kept', async () => {
  await project.run('up', ['--preview', '--replicas', '6']);
  project.tell('fails-at', 'up');
  await project.run('up', ['--yes', '--replicas', '6']);
  assert.equal(project.read('Pulumi.dev.yaml'), DEV);
});

test('flags of a run that failed half-way are kept', async () => {
  project.tell('fails-at', 'up');
  project.tell('state', stateWith(recordOf({ replicas: '6' })));
  await project.run('up', ['--yes', '--replicas', '6']);
  assert.equal(parse(project.read('Pulumi.dev.yaml')).config['gridlock:replicas'], 6);
});

describe('a stack that is up', () => {
  beforeEach(async () => {
    await project.run('up', ['--yes']);
    project.calls();
    project.tell('nodes', 'gridlock-control-plane running\n');
    project.tell('state', stateWith(recordOf({})));
  });

  test('gets a list of the changes with their cost, before the engine makes them', async () => {
    const { code, stdout } = await project.run('up', ['--yes', '--max-sockets', '100', '--workers', '2']);
    assert.equal(code, 0);
    assert.match(stdout, /^maxSockets changes from 20000 to 100: the replicas are replaced one after the other/m);
    assert.doesNotMatch(stdout, /workers changes/);
  });

  test('is left alone by a change that cannot be made, and so is every file', async () => {
    const copy = project.read('.gridlock/pulumi/project/Pulumi.dev.yaml');
    const { code, stderr } = await project.run('up', ['--yes', '--workers', '3', '--namespace', 'other']);
    assert.equal(code, 2);
    assert.match(stderr, /The stack dev is up, and cannot become what its configuration says:/);
    assert.match(stderr, /workers changes from 2 to 3\. Kind cannot change the nodes/);
    assert.match(stderr, /namespace changes from gridlock to other\./);
    assert.deepEqual(
      project.calls().map(({ command }) => command),
      ['stack export'],
    );
    assert.equal(project.read('.gridlock/pulumi/project/Pulumi.dev.yaml'), copy);
    assert.equal(project.read('Pulumi.dev.yaml'), DEV);
  });

  test('loses data only when the user accepts that, and the program learns of it', async () => {
    const lossy = ['--yes', '--redis', 'external', '--redis-url', 'rediss://redis.example'];
    const { code, stderr } = await project.run('up', lossy);
    assert.equal(code, 2);
    assert.match(stderr, /redis changes from single to external\. The data in Redis is lost\..*--accept-data-loss/s);
    project.calls();
    const accepted = await project.run('up', [...lossy, '--accept-data-loss']);
    assert.equal(accepted.code, 0, accepted.stderr);
    assert.equal(upCall().env.GRIDLOCK_ACCEPT_DATA_LOSS, 'true');
  });
});

test('after a failed up the next one first compares the state with the cluster, if the cluster answers', async () => {
  const cluster = new FakeCluster();
  cluster.there.set('/version', {});
  project.tell('outputs', JSON.stringify({ kubeconfig: await cluster.start() }));
  const refreshes = async () => {
    await project.run('up', ['--yes']);
    return upCall().args.includes('--refresh');
  };
  try {
    assert.equal(await refreshes(), false);
    project.tell('fails-at', 'up');
    assert.equal(await refreshes(), false);
    project.tell('fails-at', '');
    assert.equal(await refreshes(), true);
    project.tell('fails-at', 'up');
    await refreshes();
  } finally {
    await cluster.stop();
  }
  assert.equal(await refreshes(), false);
});

test('--refresh reads the actual state first', async () => {
  await project.run('up', ['--yes', '--refresh']);
  assert.ok(upCall().args.includes('--refresh'));
});

test('a secret is encrypted, does not appear in a file or an argument, and stays for the next runs', async () => {
  const url = 'rediss://me:hidden@redis.example:6379';
  const { code, stderr } = await project.run('up', ['--yes', '--redis', 'external', '--redis-url', url]);
  assert.equal(code, 0, stderr);
  const calls = project.calls();
  assert.equal(calls.find(({ command }) => command === 'config set')?.input, url);
  assert.ok(!JSON.stringify(calls.map(({ args, file }) => [args, file])).includes('hidden'));
  project.write('Pulumi.dev.yaml', `${DEV}  gridlock:redis: external\n`);
  const second = await project.run('up', ['--yes']);
  assert.equal(second.code, 0, second.stderr);
  assert.deepEqual(parse(upCall().file!).config['gridlock:redisUrl'], { secure: `v1:${url.length}` });
});

test('the files for using the cluster are written, and the kubeconfig is private', async () => {
  project.tell('outputs', JSON.stringify({ url: 'https://localhost:8443', kubeconfig: 'k', rootCertificate: 'r' }));
  const { stdout } = await project.run('up', ['--yes']);
  assert.match(
    stdout,
    /kubeconfig +\.gridlock\/kubernetes\/dev\/kubeconfig\n.*root\.pem\nready https:\/\/localhost:8443\n$/s,
  );
  assert.equal(project.read('.gridlock/kubernetes/dev/kubeconfig'), 'k');
  assert.equal(modeOf(project.path('.gridlock/kubernetes/dev/kubeconfig')), '600');
  assert.equal(project.read('.gridlock/kubernetes/dev/root.pem'), 'r');
});

test('--preview shows and changes nothing, --policy-pack adds the policies', async () => {
  await project.run('up', ['--preview', '--policy-pack']);
  const calls = project.calls();
  assert.deepEqual(
    calls.map(({ command }) => command),
    ['stack init', 'preview'],
  );
  assert.match(calls[1]!.args.join(' '), /--policy-pack infra\/policy-pack/);
});

test('a failing engine ends it with exit code 1, and no cluster is reported as ready', async () => {
  project.tell('fails-at', 'up');
  const { code, stdout } = await project.run('up', ['--yes']);
  assert.equal(code, 1);
  assert.doesNotMatch(stdout, /ready/);
});

test('Ctrl-C reaches the engine and is what ends it', async () => {
  project.tell('hangs-at', 'up');
  const child = project.start('up', ['--yes']);
  await project.hanging();
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [130, null]);
});

test('the lock of an engine that was killed is removed', async () => {
  await project.run('up', ['--yes']);
  project.lock('dead', 2 ** 22 + 1);
  project.lock('elsewhere', 2 ** 22 + 1, 'another.example');
  const { stderr } = await project.run('up', ['--yes']);
  assert.match(stderr, /Removed the lock of an earlier run \(pid 4194305\)/);
  assert.deepEqual(project.locks(), ['elsewhere.json']);
});

describe('npm run up that cannot succeed says why with exit code 2 and calls no engine', () => {
  async function assertRefused(pattern: RegExp, args = ['--yes'], env: NodeJS.ProcessEnv = {}) {
    const { code, stderr, stdout } = await project.run('up', args, env);
    assert.equal(code, 2, stdout + stderr);
    assert.match(stderr, pattern);
    assert.ok(!project.calls().some(({ command }) => command === 'up'));
  }

  async function upBefore(): Promise<void> {
    await project.run('up', ['--yes']);
    project.calls();
  }

  test('every missing tool at once, with the version and where to get it', async () => {
    project.remove();
    project = new FakeProject({ without: ['kind', 'pulumi', 'docker'] });
    await assertRefused(
      /docker is not installed; wanted is 23\.0\.0 or newer.*\n.*kind is not installed; wanted is 0\.30\.0.*\n.*pulumi is not installed; wanted is 3\.\d+\.0 or newer, to run the program: \S+/,
    );
    assert.ok(!existsSync(project.path('.gridlock')));
  });

  test('a tool that is too old, with what was found', async () => {
    project.tell('kind-version', 'v0.20.0');
    await assertRefused(/kind \(.*\) is 0\.20\.0; wanted is 0\.30\.0 or newer, to make the cluster/);
  });

  test("Docker's engine that does not run", async () => {
    project.tell('no-engine', 'Cannot connect to the Docker daemon.');
    await assertRefused(/docker's engine does not answer \(Cannot connect to the Docker daemon\.\); start it:/);
  });

  test("Docker's engine that this user may not use", async () => {
    project.tell('no-engine', 'permission denied while trying to connect');
    await assertRefused(/usermod -aG docker/);
  });

  for (const [what, args, pattern] of [
    ['a wrong value of a flag', ['--yes', '--workers', 'many'], /"many" of the flag --workers is refused/],
    ['an unknown flag', ['--yes', '--nodes', '3'], /Unknown option '--nodes'/],
    ['keys that disagree', ['--yes', '--cluster', 'existing'], /cluster: existing needs context/],
    ['an unknown stack', ['--yes', '--stack', 'prod'], /There is no stack prod: .*Pulumi\.prod\.yaml is missing/],
    ['no terminal to confirm', [], /no terminal for a confirmation: npm run up -- --yes/],
    ['a switch with a value', ['--yes=1'], /'--yes=1'/],
  ] as const) {
    test(what, () => assertRefused(pattern, [...args]));
  }

  test('a flag that npm kept for itself', () =>
    assertRefused(/npm run up -- --workers 3$/m, ['--yes'], { npm_config_workers: '3' }));

  test('a checked-in file that was encrypted with a passphrase that is not given', async () => {
    project.write('Pulumi.dev.yaml', `${DEV}encryptionsalt: v1:theirs\n`);
    await assertRefused(/has an encryptionsalt.*PULUMI_CONFIG_PASSPHRASE_FILE/);
  });

  test('a kind cluster that is gone although the state has it', async () => {
    await upBefore();
    project.tell('state', STATE_WITH_CLUSTER);
    await assertRefused(/The kind cluster gridlock of the stack dev is gone.* npm run down -- --stack dev/);
  });

  test('a kind cluster whose node is stopped', async () => {
    project.tell('nodes', 'gridlock-control-plane exited\ngridlock-worker running\n');
    await assertRefused(/gridlock-control-plane is stopped; start it: docker start gridlock-control-plane/);
  });

  test('a port that is in use, before kind finds out', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const pattern = new RegExp(
        `Port ${port} is in use on 127\\.0\\.0\\.1: end what listens there, or choose another port`,
      );
      await assertRefused(pattern, ['--yes', '--http-port', String(port)]);
    } finally {
      server.close();
    }
  });

  test('a kind cluster that would be adopted, and maps another port', async () => {
    project.tell('nodes', 'gridlock-control-plane running\n');
    project.tell('mapped', '9443');
    await assertRefused(/The kind cluster gridlock exists, but does not map port 8443 .*clusterName/);
  });

  test('a kind cluster of a stack that this state does not know', async () => {
    project.tell('nodes', 'gridlock-control-plane running\n');
    mkdirSync(project.path('.local/state/gridlock/kind'), { recursive: true });
    project.write('.local/state/gridlock/kind/gridlock', 'others\nmade\n');
    await assertRefused(/belongs to a stack that this state does not know: .*pulumi up.* kind-gridlock/);
  });

  test('an engine that is at work on the stack', async () => {
    await upBefore();
    project.lock('alive', process.pid);
    await assertRefused(new RegExp(`An engine \\(process ${process.pid}\\) is at work on the stack dev: wait`));
  });

  test('a passphrase that is gone while a stack is there', async () => {
    await upBefore();
    rmSync(project.path('.gridlock/pulumi/passphrase'));
    await assertRefused(/passphrase is gone, and without it the state of the stack dev cannot be read/);
  });
});

test('the launcher that npm puts on PATH is not mistaken for an engine', async () => {
  const directory = project.path('node_modules/.bin');
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'pulumi'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  const { code, stderr } = await project.run('up', ['--yes'], {
    PATH: `${directory}:${project.path('bin')}`,
  });
  assert.equal(code, 0, stderr);
});

test("npm's own yes setting is not a flag of ours", async () => {
  const { code, stderr } = await project.run('up', ['--yes'], { npm_config_yes: 'true' });
  assert.equal(code, 0, stderr);
});

test('the passphrase of a team that encrypts its file is used', async () => {
  project.write('Pulumi.dev.yaml', `${DEV}encryptionsalt: v1:theirs\n`);
  project.write('team', 'of the team');
  const env = { PULUMI_CONFIG_PASSPHRASE_FILE: project.path('team') };
  const { code, stderr } = await project.run('up', ['--yes'], env);
  assert.equal(code, 0, stderr);
  assert.equal(upCall().env.passphrase, 'of the team');
});
