import { spawn } from 'node:child_process';
import os from 'node:os';
import { ROOT, type UpPaths } from './paths.ts';
import { ask } from './tools.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The fields of a resource in the stack's state that are used here. */
export interface StateResource {
  type: string;
  urn: string;
  inputs?: Record<string, unknown>;
  outputs?: Record<string, unknown>;
  /** The engine refuses to delete it. */
  protect?: boolean;
}

/** The Pulumi engine on one stack of our backend. */
export class Engine {
  readonly #binary: string;
  readonly #stack: string;
  readonly #paths: UpPaths;
  readonly #env: NodeJS.ProcessEnv;

  constructor(binary: string, stack: string, paths: UpPaths, env: NodeJS.ProcessEnv) {
    this.#binary = binary;
    this.#stack = stack;
    this.#paths = paths;
    this.#env = env;
  }

  #ask(args: readonly string[], directory: string, input = ''): string {
    const where = ['--stack', this.#stack, '--cwd', directory, '--non-interactive'];
    return ask(this.#binary, [...args, ...where], { env: this.#env, input });
  }

  /** Adds the stack to the backend; its salt goes into the working copy. */
  init(): void {
    this.#ask(['stack', 'init', '--secrets-provider', 'passphrase'], this.#paths.project);
  }

  /** The resources in the stack's state. */
  resources(): StateResource[] {
    const state = JSON.parse(this.#ask(['stack', 'export'], ROOT)) as {
      deployment?: { resources?: StateResource[] };
    };
    return state.deployment?.resources ?? [];
  }

  /** The stack's outputs, secrets in the clear. */
  outputs(): Record<string, unknown> {
    const text = this.#ask(['stack', 'output', '--json', '--show-secrets'], ROOT);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Encrypts a value into the working copy. */
  setSecret(key: string, value: string): void {
    // Through standard input, because every user of the machine can read arguments.
    this.#ask(['config', 'set', '--secret', '--config-file', this.#paths.stackFile, key], ROOT, value);
  }

  /** Removes the stack from the backend; with `force` even when it still has resources, which are then orphaned. */
  remove(force = false): void {
    const flags = ['--yes', '--preserve-config', '--remove-backups', ...(force ? ['--force'] : [])];
    this.#ask(['stack', 'rm', ...flags], this.#paths.project);
  }

  /** Removes the protection of every resource. */
  unprotect(): void {
    this.#ask(['state', 'unprotect', '--all', '--yes'], this.#paths.project);
  }

  /**
   * Runs a command whose output and questions are the user's, and passes signals on. Resolves with its exit
   * code, 128
   * + n after signal n.
   */
  run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
    const file = ['--stack', this.#stack, '--config-file', this.#paths.stackFile];
    const child = spawn(this.#binary, [command, ...file, '--cwd', ROOT, ...args], {
      stdio: 'inherit',
      env: { ...this.#env, ...env },
    });
    let signalled: NodeJS.Signals | undefined;
    const pass = (signal: NodeJS.Signals) => {
      signalled = signal;
      child.kill(signal);
    };
    for (const signal of SIGNALS) process.on(signal, pass);
    // The launcher was killed and can no longer pass a signal on.
    const orphaned = () => pass('SIGINT');
    process.on('disconnect', orphaned);
    return new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        const ending = signal ?? (code === 0 ? undefined : signalled);
        resolve(ending ? 128 + os.constants.signals[ending] : (code ?? 1));
      });
    }).finally(() => {
      for (const signal of SIGNALS) process.off(signal, pass);
      process.off('disconnect', orphaned);
    });
  }
}
