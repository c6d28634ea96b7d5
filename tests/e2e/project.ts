import { type ChildProcessByStdio, spawn } from 'node:child_process';
import {
  copyFileSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { parse, stringify } from 'yaml';
import { type Config, readConfig } from '../../infra/config/config.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SHARED = ['cli', 'infra', 'services', 'certs', 'node_modules', 'package.json', 'tsconfig.json'];

/** What a command printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly code: number | null;
}

/** A second checkout with its own stack: rotating certificates writes to the stack's file. */
export class Project {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-e2e-'));
  readonly stack = 'e2e';
  readonly stateDir = path.join(this.directory, 'state');
  readonly #settings: Record<string, unknown>;
  #commands = 0;

  constructor(settings: Readonly<Record<string, unknown>>) {
    this.#settings = { ...settings, stateDir: this.stateDir };
    mkdirSync(this.stateDir, { mode: 0o700 });
    for (const name of SHARED) symlinkSync(path.join(ROOT, name), path.join(this.directory, name));
    copyFileSync(path.join(ROOT, 'Pulumi.yaml'), path.join(this.directory, 'Pulumi.yaml'));
    this.configure({});
  }

  get #stackFile(): string {
    return path.join(this.directory, `Pulumi.${this.stack}.yaml`);
  }

  /** Changes keys of the stack. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    Object.assign(this.#settings, settings);
    const config = Object.entries(this.#settings).map(([key, value]) => [`gridlock:${key}`, value]);
    writeFileSync(this.#stackFile, stringify({ config: Object.fromEntries(config) }));
  }

  /** Reads back what a command wrote into the stack's file. */
  reread(): void {
    const { config } = parse(readFileSync(this.#stackFile, 'utf8')) as { config: Record<string, unknown> };
    for (const [key, value] of Object.entries(config)) this.#settings[key.replace(/^gridlock:/, '')] = value;
  }

  /** @throws ConfigError for settings that are refused */
  config(): Config {
    return readConfig({ args: ['--stack', this.stack], directory: this.directory, target: 'cluster' });
  }

  /** Removes keys, so that they have their defaults again. */
  unset(...keys: readonly string[]): void {
    for (const key of keys) delete this.#settings[key];
    this.configure({});
  }

  /** Runs a command of `gridlock`. Its output is kept in a file, which an error names. */
  async run(command: string, args: readonly string[]): Promise<Printed> {
    const printed = await this.attempt(command, args);
    const { code, stdout, stderr } = printed;
    if (code === 0) return printed;
    const last = `${stdout}\n${stderr}`.trim().split('\n').slice(-40).join('\n');
    throw new Error(`gridlock ${command} ended with ${code}; the last lines of its output are:\n${last}`);
  }

  /** Starts a command of `gridlock` as the leader of its own process group, as a shell does. */
  start(command: string, args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    return spawn(process.execPath, [path.join(ROOT, 'cli/main.ts'), command, '--stack', this.stack, ...args], {
      cwd: this.directory,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  /** Like `run`, but a command that fails does not throw. */
  async attempt(command: string, args: readonly string[]): Promise<Printed> {
    const begun = performance.now();
    const child = this.start(command, args);
    const file = createWriteStream(path.join(this.directory, `${(this.#commands += 1)}-${command}.log`));
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => void ((stdout += String(part)), file.write(part)));
    child.stderr.on('data', (part) => void ((stderr += String(part)), file.write(part)));
    const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
    file.end();
    return { code, stdout, stderr, seconds: Math.round((performance.now() - begun) / 100) / 10 };
  }

  remove(): void {
    if (existsSync(this.directory)) rmSync(this.directory, { recursive: true, force: true });
  }
}
