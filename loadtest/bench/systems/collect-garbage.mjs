// Loaded into every Node process whose memory is measured, so that resident memory is used memory.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

// That it is done is told by a file where the process was started.
const told = path.resolve(`collected-${process.pid}`);
process.on('SIGWINCH', () => {
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  writeFileSync(told, '');
});
