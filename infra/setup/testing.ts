// A checkout with nothing but the set-up, and programs that stand in for npm, Go and the system's.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { nodeBinary } from './node.mjs';

export const temporary = mkdtempSync(path.join(os.tmpdir(), 'gridlock-setup-'));
after(() => rmSync(temporary, { recursive: true, force: true }));

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const NODE = process.execPath;

export function begin(root: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(NODE, [path.join(root, 'infra/setup/run.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (output.stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (output.stderr += String(chunk)));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  return { child, output, ended };
}
export const run = (root: string, args: readonly string[], env?: NodeJS.ProcessEnv) => begin(root, args, env).ended;

/** A checkout with the set-up, a lockfile that asks for nothing, and Node where a wheel would bring it. */
export function checkout(): string {
  const root = mkdtempSync(path.join(temporary, 'checkout-'));
  cpSync(import.meta.dirname, path.join(root, 'infra/setup'), { recursive: true });
  const binary = nodeBinary(root);
  if (binary.includes('.tools')) {
    mkdirSync(path.dirname(binary), { recursive: true });
    symlinkSync(NODE, binary);
  }
  writeLockfile(root, '1.0.0');
  return root;
}

export function writeLockfile(root: string, version: string): void {
  const manifest = { name: 'checkout', version };
  writeFileSync(path.join(root, 'package.json'), JSON.stringify(manifest));
  writeFileSync(
    path.join(root, 'package-lock.json'),
    JSON.stringify({ ...manifest, lockfileVersion: 3, packages: { '': manifest } }),
  );
}

/** A directory of programs, for a PATH that holds nothing else but what these scripts need. */
export function programs(scripts: Record<string, string>): string {
  const directory = mkdtempSync(path.join(temporary, 'bin-'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(path.join(directory, name), `#!/bin/sh\n${script}\n`);
    chmodSync(path.join(directory, name), 0o755);
  }
  for (const name of ['sh', 'cat', 'chmod', 'touch']) symlinkSync(`/bin/${name}`, path.join(directory, name));
  return directory;
}
export const only = (directory: string) => ({ PATH: directory, GRIDLOCK_PATH_ONLY: '1' });
export const parts = { haproxy: 'exit 0', 'redis-server': 'exit 0' };

export const script = (name: string, text: string): string => {
  const file = path.join(temporary, name);
  writeFileSync(file, text);
  return file;
};
