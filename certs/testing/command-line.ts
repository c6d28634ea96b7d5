// Runs the command line, for the tests of its commands.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type Captured, captured } from '../../tests/kit/captured.ts';
import commands from '../cli/certs.ts';
import { temporaryDirectory } from './fixtures.ts';

/** The command line's entry. */
const MAIN = join(import.meta.dirname, '../cli/main.ts');

/** Runs a command as its user does, in a separate process. */
export const certs = (...args: string[]): Promise<Captured> => certsWith({}, ...args);

/** The same with additional environment variables. */
export function certsWith(variables: NodeJS.ProcessEnv, ...args: string[]): Promise<Captured> {
  const command = ['--disable-warning=ExperimentalWarning', MAIN, ...args];
  const env = { ...process.env, ...variables };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Runs a command at a terminal, where its user answers the question. */
export async function atTerminal(
  answer: string | undefined,
  ...args: string[]
): Promise<{ code: number; output: string }> {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', MAIN, ...args];
  const child = spawn('script', ['-qec', command.map((word) => `'${word}'`).join(' '), '/dev/null']);
  let output = '';
  child.stdout.on('data', (chunk) => {
    const asked = output.includes('[y/N]');
    output += String(chunk);
    if (!asked && output.includes('[y/N]') && answer !== undefined) child.stdin.write(`${answer}\n`);
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
}

/** Runs a command within this process. */
export const run = (...args: string[]): Promise<Captured> =>
  captured(() => commands.parseAsync(args, { from: 'user' }));

/** The JSON that a command prints. The command has to succeed. */
export async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await certs(...args, '--json');
  assert.equal(code, 0, stdout + stderr);
  return JSON.parse(stdout) as T;
}

/** Runs openssl; throws when it exits with another code than 0. */
export const openssl = (...args: string[]) =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A new authority in a directory that is removed when the test is over. */
export async function authority(
  t: TestContext,
  ...flags: string[]
): Promise<{ base: string; dir: string; at: (name: string) => string }> {
  const base = temporaryDirectory(t);
  const dir = join(base, 'pki');
  await json('init', '--dir', dir, ...flags);
  return { base, dir, at: (name) => join(base, name) };
}
