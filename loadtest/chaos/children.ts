import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** The processes that a process has started and that still run. */
export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(async () => {
    // Not Linux, or a kernel that does not tell.
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(pid)]);
    return stdout;
  });
  return text.split(/\s+/).filter(Boolean).map(Number);
}
