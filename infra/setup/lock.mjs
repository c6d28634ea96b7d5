import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { processStart } from './process-identity.mjs';
import { progress, SetupError } from './step.mjs';

const WAIT_MS = 15 * 60_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function holderIsGone(lock) {
  try {
    const [, pid, start] = /^(\d*) ?(.*)$/.exec(readFileSync(path.join(lock, 'pid'), 'utf8')) ?? [];
    // Pid 0 would mean this process: the file was made but not written, as on a full disk.
    if (!(Number(pid) > 0)) throw Object.assign(new Error('no pid'), { code: 'ENOENT' });
    process.kill(Number(pid), 0);
    return start !== '' && processStart(Number(pid)) !== start;
  } catch (error) {
    if (error.code === 'ESRCH') return true;
    // It has no pid: the holder has not written it yet, has just left, or died in between.
    const age = Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    return error.code === 'ENOENT' && age > 10_000;
  }
}

/** Runs `work` while no other set-up of this checkout runs; a lock left by a dead process is taken over. */
export async function withLock(root, work) {
  const lock = path.join(root, '.tools', 'setup.lock');
  mkdirSync(path.dirname(lock), { recursive: true });
  const deadline = Date.now() + WAIT_MS;
  for (let waited = false; ; waited = true) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      if (holderIsGone(lock)) rmSync(lock, { recursive: true, force: true });
      else if (Date.now() > deadline) {
        throw new SetupError(`Another set-up holds ${lock} for 15 minutes; if none is running, remove that directory.`);
      } else {
        if (!waited) progress('waiting for another set-up of this checkout to finish');
        await sleep(100);
      }
    }
  }
  try {
    writeFileSync(path.join(lock, 'pid'), `${process.pid} ${processStart(process.pid) ?? ''}`);
    return await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}
