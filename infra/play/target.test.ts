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
  Object.assign(process.env, { PATH: directory, GRIDLOCK_PATH_ONLY: '1' });
});
afterEach(() => {
  process.chdir(home);
  process.env.PATH = PATH;
  delete process.env.GRIDLOCK_PATH_ONLY;
  rmSync(directory, { recursive: true, force: true });
});

const write = (file: string, text: string, mode = 0o644): void => {
  mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
  writeFileSync(path.join(directory, file), text, { mode });
};

test('without a word the cluster of npm start is meant, by a stack the one on Kubernetes', () => {
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

test("where a public authority certifies the edge, the system's roots are trusted", () => {
  write('.gridlock/kubernetes/cloud/root.pem', 'inner');
  const keys = { certificates: 'acme', host: 'play.example', port: 443 };
  const lines = Object.entries(keys).map(([key, value]) => `  gridlock:${key}: ${value}`);
  write('Pulumi.cloud.yaml', `config:\n${lines.join('\n')}\n`);
  assert.deepEqual(findTarget({ stack: 'cloud' }), { url: 'https://play.example', ca: undefined });
});

test('a cluster that is not there is refused with a sentence that says how to get it', () => {
  const refused = (pattern: RegExp) => (error: unknown) => error instanceof ConfigError && pattern.test(error.message);
  assert.throws(() => findTarget({}), refused(/pki\/root\.pem: npm start brings a cluster up/));
  assert.throws(() => findTarget({ stack: 'dev' }), refused(/npm run up -- --stack dev brings it up/));
});
