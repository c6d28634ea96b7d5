// Loaded before every test file. What a test leaves open keeps its process alive, and the runner waits for that without
// end. Hooks of the file itself may come after this one, so that there is time for them.
// Writes at the end, for the runner, how much processor time the file and the processes it waited for took.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { isMainThread } from 'node:worker_threads';

const PATIENCE_MS = Number(process.env.GRIDLOCK_TEST_LEFTOVERS_MS ?? 60_000);
const { GRIDLOCK_TEST_FILE: file, GRIDLOCK_TEST_USAGE: usage } = process.env;

// Processes and threads that the file starts inherit these options of Node, and are not test files.
const isTestFile = isMainThread && file !== undefined && process.argv[1] === path.resolve(file);

/** Seconds; the clock of /proc ticks a hundred times a second. */
function processorTime() {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  }
}

if (isTestFile) {
  if (usage !== undefined) process.on('exit', () => writeFileSync(usage, String(processorTime())));
  after(() => {
    setTimeout(() => {
      const left = [...new Set(process.getActiveResourcesInfo())].filter((resource) => resource !== 'PipeWrap');
      console.error(
        `${process.argv[1]} is still running ${PATIENCE_MS / 1000} s after its last test (${left.join(', ')}): ` +
          'a test left a process, a socket or a timer behind; close it where the test ends, also when it fails.',
      );
      process.exit(1);
    }, PATIENCE_MS).unref();
  });
}
