// Loaded into every replica of a cluster under faults, before its own code (node --import). It routes the connection to
// Redis through a proxy, and lets a test set the clock of the replica wrong while it runs.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const { APPID, CHAOS_REDIS_PORTS, CHAOS_CLOCKS } = process.env;

if (APPID !== undefined && CHAOS_REDIS_PORTS !== undefined) {
  const port = (JSON.parse(CHAOS_REDIS_PORTS) as Record<string, number>)[APPID];
  if (port !== undefined) process.env.REDIS_URL = `redis://127.0.0.1:${port}`;
}

if (APPID !== undefined && CHAOS_CLOCKS !== undefined) {
  const file = `${CHAOS_CLOCKS}/${APPID}`;
  const RightDate = Date;
  let offset = 0;
  class WrongDate extends RightDate {
    constructor(...args: [] | [value: number | string | Date]) {
      super(...((args.length === 0 ? [RightDate.now() + offset] : args) as [number]));
    }
    static override now(): number {
      return RightDate.now() + offset;
    }
  }
  globalThis.Date = WrongDate as DateConstructor;
  const set = () => {
    offset = Number(readFileSync(file, 'utf8'));
    writeFileSync(`${file}.tmp`, String(Date.now()));
    renameSync(`${file}.tmp`, `${file}.shows`);
  };
  process.on('SIGUSR2', set);
}
