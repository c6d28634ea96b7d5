import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { processStart } from '../setup/process-identity.mjs';
import { freeBytes } from './log-files.ts';

/** The program to run, and the file for its output. */
export interface ProcessSpec {
  /** Name in reports and of the log file. */
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env?: NodeJS.ProcessEnv;
  logFile: string;
  /** Whether signals go to its whole process group. A shell needs that, as it passes none on. */
  signalsGroup?: boolean;
  /** Writes the files that the process reads, where they are missing. Called before every restart. */
  prepare?(): Promise<void>;
}

/** A running process as it is recorded, so that a later supervisor can end it. Its pid leads its process group. */
export interface ProcessRecord {
  name: string;
  pid: number;
  /** The start time, as `processStart` returns it. */
  start: string;
}

/** Sends a signal to a process group; false when it no longer exists. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(-leader, signal);
  } catch {
    return false;
  }
}

export interface ProcessObserver {
  /** A child was spawned or has ended: its record has changed. */
  changed(): void;
  /** The process ended by itself. True lets it be restarted after `delayMs`. */
  ended(process: SupervisedProcess, reason: string, delayMs: number): boolean;
  /** It was spawned again. */
  restarted(process: SupervisedProcess): void;
}

const BACKOFF = { firstMs: 200, lastMs: 5000, stableMs: 10_000 };
const TAIL_BYTES = 4096;
/** A disk with less free space counts as full: no process of ours starts on it. */
const FULL_BYTES = 64 * 1024;

/** A process runs even if its log file cannot be opened. */
function openLog(file: string): number | 'ignore' {
  try {
    return openSync(file, 'a', 0o600);
  } catch {
    return 'ignore';
  }
}

/** The end of a log; empty when it cannot be read. */
function logTail(file: string): string {
  try {
    const descriptor = openSync(file, 'r');
    try {
      const { size } = fstatSync(descriptor);
      const buffer = Buffer.alloc(Math.min(TAIL_BYTES, size));
      readSync(descriptor, buffer, 0, buffer.length, size - buffer.length);
      return buffer.toString('utf8').trim();
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}

/** The last line of a log; for a JSON line, its message. */
function lastLogLine(file: string): string {
  const line = logTail(file).split('\n').at(-1) ?? '';
  try {
    const { msg } = JSON.parse(line) as { msg?: unknown };
    return typeof msg === 'string' ? msg : line;
  } catch {
    return line;
  }
}

/** The last lines of a log that are not empty. */
export const lastLogLines = (file: string, count: number): string[] =>
  logTail(file)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count);

/**
 * One process that is kept running. It leads its own process group and writes its output to a file. When it ends by
 * itself it is restarted with exponential backoff, which is reset after ten seconds of running.
 */
export class SupervisedProcess {
  readonly name: string;
  #spec: ProcessSpec;
  #observer: ProcessObserver;
  #child: ChildProcess | undefined;
  #start = '';
  #spawnedAt = 0;
  #failures = 0;
  #restarts = 0;
  #stopping = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(spec: ProcessSpec, observer: ProcessObserver) {
    this.name = spec.name;
    this.#spec = spec;
    this.#observer = observer;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The running child as it is recorded; undefined between two runs. */
  get record(): ProcessRecord | undefined {
    const pid = this.#child?.pid;
    return pid === undefined ? undefined : { name: this.name, pid, start: this.#start };
  }

  start(): void {
    const { command, args, cwd, env, logFile } = this.#spec;
    const log = openLog(logFile);
    // Its own group keeps the terminal's Ctrl-C away from it: the supervisor decides when each process ends.
    const child = spawn(command, args, {
      cwd,
      detached: true,
      stdio: ['ignore', log, log],
      env: env ?? process.env,
    });
    if (log !== 'ignore') closeSync(log);
    this.#child = child;
    this.#spawnedAt = performance.now();
    this.#start = child.pid === undefined ? '' : (processStart(child.pid) ?? '');
    child.once('error', (error) => this.#onEnd(child, `could not be started (${error.message})`));
    child.once('exit', (code, signal) => {
      this.#onEnd(child, signal ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
    this.#observer.changed();
  }

  #onEnd(child: ChildProcess, how: string): void {
    if (this.#child !== child) return;
    // A process may leave others of its group behind, which hold the ports that its next run needs.
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    this.#child = undefined;
    this.#observer.changed();
    if (this.#stopping) return;
    if (performance.now() - this.#spawnedAt > BACKOFF.stableMs) this.#failures = 0;
    this.#restartLater(this.#explain(how));
  }

  /** Adds the reason: its last log line, unless the disk is full. */
  #explain(how: string): string {
    const { cwd, logFile } = this.#spec;
    if (freeBytes(cwd) < FULL_BYTES) return `${how}; the disk of ${cwd} is full: make room on it`;
    const line = lastLogLine(logFile);
    return line ? `${how}; its last log line: ${line}` : how;
  }

  #restartLater(reason: string): void {
    const delayMs = Math.min(BACKOFF.firstMs * 2 ** this.#failures, BACKOFF.lastMs);
    this.#failures += 1;
    if (!this.#observer.ended(this, reason, delayMs)) return;
    this.#timer = setTimeout(() => void this.#restart(), delayMs);
  }

  async #restart(): Promise<void> {
    try {
      await this.#spec.prepare?.();
    } catch (error) {
      if (!this.#stopping) this.#restartLater(`cannot be restarted (${(error as Error).message})`);
      return;
    }
    if (this.#stopping) return;
    this.#restarts += 1;
    this.start();
    this.#observer.restarted(this);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /**
   * Ends it at once, as a crash would. As nothing is wrong with it, it restarts without the backoff. False when it does
   * not run at the moment.
   */
  crash(): boolean {
    this.#failures = 0;
    return this.pid !== undefined && signalGroup(this.pid, 'SIGKILL');
  }

  /**
   * Ends it for good: sends each signal in turn and waits for the process to leave, then sends SIGKILL. Never rejects.
   */
  async stop(steps: readonly { signal: NodeJS.Signals; graceMs: number }[]): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    for (const { signal, graceMs } of [...steps, { signal: 'SIGKILL' as const, graceMs: 2000 }]) {
      if (this.#child !== child) return;
      if (this.#spec.signalsGroup && child.pid !== undefined) signalGroup(child.pid, signal);
      else child.kill(signal);
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([ended, new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))]);
      clearTimeout(timer);
    }
  }

  /** Ends it and its group at once and for good. */
  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
    if (this.#child?.pid !== undefined) signalGroup(this.#child.pid, 'SIGKILL');
  }
}

export interface GroupObserver {
  /** The set of running children has changed. */
  changed(children: readonly ProcessRecord[]): void;
  /** A process ended by itself. True lets it be restarted after `delayMs`. */
  ended(name: string, reason: string, delayMs: number): boolean;
  /** It was spawned again. */
  restarted(name: string): void;
}

/** The supervised processes of one system, by name. */
export class ProcessGroup {
  #processes = new Map<string, SupervisedProcess>();
  #observer: GroupObserver;

  constructor(observer: GroupObserver) {
    this.#observer = observer;
  }

  launch(spec: ProcessSpec): void {
    const { name } = spec;
    const process = new SupervisedProcess(spec, {
      changed: () => this.#observer.changed(this.#children()),
      ended: (_, reason, delayMs) => this.#observer.ended(name, reason, delayMs),
      restarted: () => this.#observer.restarted(name),
    });
    this.#processes.set(name, process);
    process.start();
  }

  get(name: string): SupervisedProcess | undefined {
    return this.#processes.get(name);
  }

  #children(): ProcessRecord[] {
    return [...this.#processes.values()].map(({ record }) => record).filter((record) => record !== undefined);
  }

  /** Ends one for good; see `SupervisedProcess.stop`. */
  async end(name: string, ...steps: { signal: NodeJS.Signals; graceMs: number }[]): Promise<void> {
    await this.#processes.get(name)?.stop(steps);
  }

  /** Ends all at once and for good. */
  kill(): void {
    for (const process of this.#processes.values()) process.kill();
  }
}
