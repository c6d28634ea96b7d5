// Loaded before every test file. What a test leaves open keeps its process alive, and the runner waits for that without
// end. Hooks of the file itself may come after this one, so that there is time for them.
import { after } from 'node:test';

const PATIENCE_MS = Number(process.env.GRIDLOCK_TEST_LEFTOVERS_MS ?? 60_000);

// The runner loads it, too.
if (process.env.NODE_TEST_CONTEXT !== undefined) {
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
