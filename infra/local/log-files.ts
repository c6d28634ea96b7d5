import {
  appendFileSync,
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
} from 'node:fs';
import path from 'node:path';

const MIB = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

export interface LogLimits {
  /** The most that all log files may take together, rotated ones included. */
  totalBytes: number;
  /** Free space on the disk below which logs are dropped. */
  reserveBytes: number;
  /** The end of each log that is kept then. */
  tailBytes: number;
  checkMs: number;
}

export const LOG_LIMITS: LogLimits = Object.freeze({
  totalBytes: 64 * MIB,
  reserveBytes: 64 * MIB,
  tailBytes: 32 * 1024,
  checkMs: 500,
});

/** Bytes that may still be written below a directory; Infinity where the system does not say. */
export function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize;
  } catch {
    return Infinity;
  }
}

/**
 * The log files of a run. Processes append to them directly, so that none waits for the supervisor or ends with it.
 * This class keeps the files small. A file that has grown too large is copied to `.1` and emptied, as logrotate's
 * `copytruncate` does. On a disk that is nearly full, only the last lines of each log stay: the room belongs to the
 * data.
 */
export class LogFiles {
  readonly #directory: string;
  readonly #limits: LogLimits;
  readonly #report: (line: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #starving = false;
  #droppedLines = 0;

  constructor(directory: string, report: (line: string) => void, limits: Partial<LogLimits> = {}) {
    this.#directory = directory;
    this.#report = report;
    this.#limits = { ...LOG_LIMITS, ...limits };
  }

  /** How many lines were dropped because the disk was nearly full. */
  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** Keeps the log files of the last run as `.1`, and watches the new ones from now on. */
  start(): void {
    for (const file of this.#files('.log')) renameSync(file, `${file}.1`);
    this.check();
    this.#timer = setInterval(() => this.check(), this.#limits.checkMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Checks all files once. Never throws: the next check may succeed. */
  check(): void {
    try {
      const starving = freeBytes(this.#directory) < this.#limits.reserveBytes;
      if (starving) this.#dropAll();
      else this.#rotateLarge();
      if (starving !== this.#starving) this.#tell(starving);
      this.#starving = starving;
    } catch {
      // The directory, or a file in it, no longer exists.
    }
  }

  #files(ending: string): string[] {
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith(ending))
      .map((name) => path.join(this.#directory, name));
  }

  #rotateLarge(): void {
    const current = this.#files('.log');
    const old = this.#files('.log.1');
    // Each log has two files. A third of the room is for lines written between two checks.
    const most = Math.floor(this.#limits.totalBytes / (3 * Math.max(1, current.length, old.length)));
    for (const file of current) {
      if (statSync(file).size <= most) continue;
      // This comes first, so that the disk never holds three files.
      rmSync(`${file}.1`, { force: true });
      copyFileSync(file, `${file}.1`);
      truncateSync(file);
    }
    for (const file of old) if (statSync(file).size > 2 * most) keepTail(file, most);
  }

  #dropAll(): void {
    for (const file of [...this.#files('.log.1'), ...this.#files('.log')]) {
      if (statSync(file).size > 2 * this.#limits.tailBytes) {
        this.#droppedLines += keepTail(file, this.#limits.tailBytes);
      }
    }
  }

  #tell(starving: boolean): void {
    const free = Math.round(freeBytes(this.#directory) / MIB);
    if (starving) {
      this.#report(
        `The disk of ${this.#directory} is nearly full (${free} MiB free): logs are dropped until there is room again.`,
      );
    } else {
      this.#report(`The disk has room again (${free} MiB free); ${this.#droppedLines} lines of logs were dropped.`);
    }
  }
}

/** Cuts a file to its last whole lines within `bytes`; returns how many lines are gone. */
function keepTail(file: string, bytes: number): number {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const from = Math.max(0, size - bytes);
    const before = countLines(descriptor, from);
    const tail = Buffer.alloc(size - from);
    readSync(descriptor, tail, 0, tail.length, from);
    const whole = from === 0 ? 0 : tail.indexOf('\n') + 1;
    // Writers append, so their next lines follow here.
    truncateSync(file);
    appendFileSync(file, tail.subarray(whole));
    return before + (whole > 0 ? 1 : 0);
  } finally {
    closeSync(descriptor);
  }
}

function countLines(descriptor: number, end: number): number {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let lines = 0;
  for (let position = 0; position < end; ) {
    const read = readSync(descriptor, chunk, 0, Math.min(chunk.length, end - position), position);
    if (read === 0) break;
    for (let at = chunk.indexOf(10); at !== -1 && at < read; at = chunk.indexOf(10, at + 1)) lines += 1;
    position += read;
  }
  return lines;
}
