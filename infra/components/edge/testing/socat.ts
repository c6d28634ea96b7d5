// `socat - UNIX-CONNECT:path`, which is in the controller's image, as a command for tests.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SCRIPT = `
const socket = require('node:net').connect(process.argv.at(-1).replace('UNIX-CONNECT:', ''));
process.stdin.pipe(socket).pipe(process.stdout);
socket.on('error', () => process.exit(1));
`;

/** Writes the command into a directory and returns the PATH that finds it first. */
export function pathWithSocat(directory: string): string {
  const bin = path.join(directory, 'bin');
  mkdirSync(bin);
  writeFileSync(path.join(bin, 'socat.cjs'), SCRIPT);
  writeFileSync(path.join(bin, 'socat'), `#!/bin/sh\nexec '${process.execPath}' '${bin}/socat.cjs' "$@"\n`);
  chmodSync(path.join(bin, 'socat'), 0o755);
  return `${bin}:${process.env['PATH']}`;
}
