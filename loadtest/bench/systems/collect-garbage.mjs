// Loaded into every Node process whose memory is measured, so that resident memory is used memory.
import { writeFileSync } from 'node:fs';
import path from 'node:path';

// A file in the working directory of the process shows that it is done.
const told = path.resolve(`collected-${process.pid}`);
process.on('SIGWINCH', () => {
  globalThis.gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  writeFileSync(told, '');
});
