// A project whose tools are programs that record how they are called.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { RECORD_TYPE } from '../config/changes.ts';

const GRIDLOCK = path.resolve(import.meta.dirname, '../../cli/main.ts');

const PULUMI = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
const fake = process.env.FAKE;
const args = process.argv.slice(2);
const read = (name, initial) => existsSync(path.join(fake, name)) ? readFileSync(path.join(fake, name), 'utf8') : initial;
const option = (name) => args[args.indexOf(name) + 1];
if (args[0] === 'version') { console.log(read('pulumi-version', 'v3.265.0')); process.exit(0); }
const command = ['stack', 'config', 'state'].includes(args[0]) ? args.slice(0, 2).join(' ') : args[0];
const file = args.includes('--config-file') ? readFileSync(option('--config-file'), 'utf8') : undefined;
const input = command === 'config set' ? readFileSync(0, 'utf8') : undefined;
const { PATH, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_K8S_DELETE_UNREACHABLE, GRIDLOCK_ACCEPT_DATA_LOSS } = process.env;
const passphrase = readFileSync(process.env.PULUMI_CONFIG_PASSPHRASE_FILE, 'utf8');
const env = { PATH, PULUMI_BACKEND_URL, PULUMI_CONFIG_PASSPHRASE, PULUMI_K8S_DELETE_UNREACHABLE, GRIDLOCK_ACCEPT_DATA_LOSS, passphrase };
appendFileSync(path.join(fake, 'calls'), JSON.stringify({ command, args, env, file, input }) + '\\n');
const stacks = path.join(new URL(PULUMI_BACKEND_URL).pathname, '.pulumi/stacks/gridlock');
const state = path.join(stacks, option('--stack') + '.json');
const copy = path.join(option('--cwd'), 'Pulumi.' + option('--stack') + '.yaml');
if (command === 'stack init') {
  mkdirSync(stacks, { recursive: true });
  writeFileSync(state, '{}');
  if (!/^encryptionsalt/m.test(readFileSync(copy, 'utf8'))) appendFileSync(copy, 'encryptionsalt: v1:made\\n');
}
if (command === 'stack export') console.log(read('state', '{"deployment":{"resources":[]}}'));
if (command === 'stack output') console.log(read('outputs', '{}'));
if (command === 'stack rm') rmSync(state);
if (command === 'config set') {
  appendFileSync(option('--config-file'), ''); // stays readable
  writeFileSync(option('--config-file'), file.replace('config:', 'config:\\n  ' + args.at(-6) + ': { secure: v1:' + input.length + ' }'));
}
if (read('hangs-at', '') === command) {
  writeFileSync(path.join(fake, 'hanging'), String(process.pid));
  process.on('SIGINT', () => process.exit(1));
  while (!existsSync(path.join(fake, 'goes-on'))) await new Promise((resolve) => setTimeout(resolve, 10));
}
const failing = read('fails-at', '').split('\\n');
if (failing.includes(command)) { console.error('error: as planned'); process.exit(255); }
`;
const DOCKER = `
import { existsSync, readFileSync } from 'node:fs';
const nodes = process.env.FAKE + '/nodes';
if (process.argv[2] === '--version') console.log('Docker version 28.2.2, build 1');
else if (existsSync(process.env.FAKE + '/no-engine')) { console.error(readFileSync(process.env.FAKE + '/no-engine', 'utf8')); process.exit(1); }
else if (process.argv[2] === 'ps') process.stdout.write(existsSync(nodes) ? readFileSync(nodes, 'utf8') : '');
else if (process.argv[2] === 'port') console.log('127.0.0.1:' + (existsSync(process.env.FAKE + '/mapped') ? readFileSync(process.env.FAKE + '/mapped', 'utf8') : '8443'));
else console.log('28.2.2');
`;
const KIND = `
import { appendFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
const args = process.argv.slice(2);
if (args[0] === 'delete') {
  appendFileSync(process.env.FAKE + '/calls', JSON.stringify({ command: 'kind ' + args.join(' '), args: [], env: {} }) + '\\n');
  if (existsSync(process.env.FAKE + '/kind-fails')) { console.error('ERROR: as planned'); process.exit(1); }
  rmSync(process.env.FAKE + '/nodes', { force: true });
  process.exit(0);
}
const version = process.env.FAKE + '/kind-version';
console.log('kind ' + (existsSync(version) ? readFileSync(version, 'utf8') : 'v0.33.0') + ' go1.26 linux/amd64');
`;
const PROGRAMS = { pulumi: PULUMI, docker: DOCKER, kind: KIND };

type Script = 'up' | 'down' | 'rotate' | 'outputs';

export interface Call {
  command: string;
  args: string[];
  env: Record<string, string | undefined>;
  /** The stack's file as the engine found it. */
  file?: string;
  input?: string;
}

export interface Ending {
  code: number | null;
  stdout: string;
  stderr: string;
}

export const DEV = `# The stack dev.
config:
  gridlock:replicas: 3 # three
  # gridlock:port: 8443
`;

/** A directory with Pulumi.yaml, Pulumi.dev.yaml and fake tools; `remove` it. */
export class FakeProject {
  readonly root = mkdtempSync(path.join(os.tmpdir(), 'gridlock-up-'));
  readonly #bin = path.join(this.root, 'bin');
  readonly #fake = path.join(this.root, 'fake');

  constructor({ without = [] }: { without?: (keyof typeof PROGRAMS)[] } = {}) {
    for (const directory of [this.#bin, this.#fake]) mkdirSync(directory);
    for (const [name, text] of Object.entries(PROGRAMS)) {
      if (without.some((each) => each === name)) continue;
      const module = path.join(this.#fake, `${name}.mjs`);
      const program = path.join(this.#bin, name);
      writeFileSync(module, text);
      writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${module}' "$@"\n`);
      chmodSync(program, 0o755);
    }
    this.write('Pulumi.yaml', 'name: gridlock\nruntime: nodejs\n');
    this.write('Pulumi.dev.yaml', DEV);
  }

  path(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8');
  }

  write(name: string, text: string): void {
    writeFileSync(this.path(name), text);
  }

  /** Sets how the tools behave: `fails-at`, `hangs-at`, `goes-on`, `state`, `outputs`, `nodes`, `no-engine`, ... */
  tell(name: string, text: string): void {
    writeFileSync(path.join(this.#fake, name), text);
  }

  /** The calls of the engine since the last call of this. */
  calls(): Call[] {
    const file = path.join(this.#fake, 'calls');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
    rmSync(file, { force: true });
    return lines.map((line) => JSON.parse(line) as Call);
  }

  get #locks(): string {
    return this.path('.gridlock/pulumi/state/.pulumi/locks/organization/gridlock/dev');
  }

  /** Leaves the lock of an engine on the stack dev. */
  lock(name: string, pid: number, hostname = os.hostname()): void {
    mkdirSync(this.#locks, { recursive: true });
    writeFileSync(path.join(this.#locks, `${name}.json`), JSON.stringify({ pid, hostname }));
  }

  locks(): string[] {
    return readdirSync(this.#locks).sort();
  }

  start(script: Script, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', GRIDLOCK, script, ...args], {
      cwd: this.root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: this.#bin,
        HOME: this.root,
        FAKE: this.#fake,
        GRIDLOCK_PATH_ONLY: '1',
        ...env,
      },
    });
  }

  async run(script: Script, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Ending> {
    const child = this.start(script, args, env);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk) => (stdout += chunk));
    child.stderr.on('data', (chunk) => (stderr += chunk));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, stdout, stderr };
  }

  /** Resolves with the pid of the engine that hangs. */
  async hanging(): Promise<number> {
    const file = path.join(this.#fake, 'hanging');
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return Number(readFileSync(file, 'utf8'));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const stateOf = (...resources: object[]): string => JSON.stringify({ deployment: { resources } });
const NAMESPACE = { type: 'kubernetes:core/v1:Namespace', urn: 'urn:x' };
const nodes = (stdout: string) => ({
  type: 'command:local:Command',
  urn: 'urn:pulumi:dev::gridlock::command:local:Command::cluster-nodes',
  inputs: { environment: { CLUSTER: 'gridlock' } },
  outputs: { stdout },
});

/** The state of a kind cluster that the stack made, with the record of what it was brought up with. */
export const stateWith = (record: string): string =>
  stateOf({ type: RECORD_TYPE, urn: 'urn:configuration', outputs: { values: record } }, nodes('created'), NAMESPACE);

/** A state with objects in a cluster that existed before. */
export const STATE_WITH_CLUSTER = stateOf(nodes('adopted'), NAMESPACE);
/** A state of a cluster that the stack made. */
export const STATE_WITH_OWN_CLUSTER = stateOf(nodes('created'), NAMESPACE);
/** A state whose creation of the cluster was interrupted, with the owner that its mark would name. */
export const STATE_WITH_OWNER = stateOf({
  type: 'random:index/randomId:RandomId',
  urn: 'urn:pulumi:dev::gridlock::random:index/randomId:RandomId::cluster-owner',
  outputs: { hex: 'us' },
});
/** A state with a protected volume. */
export const STATE_WITH_PROTECTED = stateOf(nodes('created'), {
  type: 'kubernetes:apps/v1:StatefulSet',
  urn: 'urn:pulumi:dev::gridlock::kubernetes:apps/v1:StatefulSet::redis',
  protect: true,
});
