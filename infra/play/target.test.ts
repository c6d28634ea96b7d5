import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ConfigError } from '../config/config.ts';
import { findTarget } from './target.ts';

const home = process.cwd();
const PATH = process.env.PATH;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-play-'));
  process.chdir(directory);
  Object.assign(process.env, { PATH: directory, GRIDLOCK_PATH_ONLY: '1', PULUMI_HOME: directory });
});
afterEach(() => {
  process.chdir(home);
  process.env.PATH = PATH;
  delete process.env.GRIDLOCK_PATH_ONLY;
  delete process.env.PULUMI_HOME;
  rmSync(directory, { recursive: true, force: true });
});

const write = (file: string, text: string, mode = 0o644): void => {
  mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
  writeFileSync(path.join(directory, file), text, { mode });
};

test('the default is the cluster of npm start; a stack selects the one on Kubernetes', () => {
  write('.gridlock/pki/root.pem', 'local');
  write('.gridlock/kubernetes/dev/root.pem', 'kind');
  assert.deepEqual(findTarget({}), { url: 'https://localhost:8443', ca: 'local' });
  assert.deepEqual(findTarget({ stack: 'dev' }), { url: 'https://localhost:8443', ca: 'kind' });
});

test("a stack that pulumi brought up is found by the engine's outputs", () => {
  const outputs = JSON.stringify({ url: 'https://arena.example', rootCertificate: 'root' });
  write('pulumi', `#!/bin/sh\necho '${outputs}'\n`, 0o755);
  assert.deepEqual(findTarget({ stack: 'dev' }), { url: 'https://arena.example', ca: 'root' });
});

test('a stack that Pulumi does not know is refused with the reason, and not brought up a second time', () => {
  write('pulumi', '#!/bin/sh\necho "error: passphrase must be set" >&2\nexit 255\n', 0o755);
  assert.throws(
    () => findTarget({ stack: 'dev' }),
    /pulumi stack output says: passphrase must be set\. If you use Pulumi yourself, log in to its backend/,
  );
});

test('the launcher that npm puts on PATH is not asked, as it would download an engine', () => {
  write('node_modules/.bin/pulumi', '#!/bin/sh\nexit 1\n', 0o755);
  process.env.PATH = path.join(directory, 'node_modules/.bin');
  assert.throws(() => findTarget({ stack: 'dev' }), /Pulumi is not installed/);
});

test("where a public authority certifies the edge, the system's roots are trusted", () => {
  write('.gridlock/kubernetes/cloud/root.pem', 'inner');
  const keys = { certificates: 'acme', host: 'play.example', port: 443 };
  const lines = Object.entries(keys).map(([key, value]) => `  gridlock:${key}: ${value}`);
  write('Pulumi.cloud.yaml', `config:\n${lines.join('\n')}\n`);
  assert.deepEqual(findTarget({ stack: 'cloud' }), { url: 'https://play.example', ca: undefined });
});

test('a missing cluster is refused with a sentence that says how to start it', () => {
  const refused = (pattern: RegExp) => (error: unknown) => error instanceof ConfigError && pattern.test(error.message);
  assert.throws(() => findTarget({}), refused(/pki\/root\.pem: npm start brings a cluster up/));
  assert.throws(
    () => findTarget({ stack: 'dev' }),
    refused(/Pulumi is not installed.*with npm run up -- --stack dev, or/),
  );
});
