import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nodeBinary } from './node.mjs';

// A terminal sends Ctrl-C to npm and to us, and npm passes it on once more: that is one request, not two.
const SAME_SIGNAL_MS = 300;
const PARENT_CHECK_MS = 500;

/** Path of the pinned Node; ends the process with a sentence when it is not there. */
function presentNode(root) {
  const binary = nodeBinary(root);
  if (existsSync(binary)) return binary;
  process.stderr.write(`The pinned Node is missing (${binary}). Remove node_modules and start again.\n`);
  return process.exit(2);
}

/**
 * Runs a script on the pinned Node in its own session, so that signals reach it only through us. Ends with its exit
 * code (128 + n after signal n). The channel tells the script when we are killed.
 */
export function runScript(root, args) {
  const child = spawn(presentNode(root), ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: {
      NODE_COMPILE_CACHE: path.join(root, 'node_modules', '.cache', 'compile'),
      ...process.env,
      // The script runs in the checkout.
      GRIDLOCK_STARTED_IN: process.cwd(),
    },
  });
  const last = new Map();
  let isOrphan = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const now = Date.now();
      const same = now - (last.get(signal) ?? 0) < SAME_SIGNAL_MS;
      // A closed terminal ends npm and signals us: that, too, is one request.
      if (same || (isOrphan && signal === 'SIGHUP')) return;
      last.set(signal, now);
      child.kill(signal);
    });
  }
  if (process.env.npm_lifecycle_event) {
    whenOrphaned(() => {
      isOrphan = true;
      if (last.size === 0) child.kill('SIGTERM');
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`The pinned Node cannot be started: ${error.message}\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + os.constants.signals[signal]));
}

/** A killed npm cannot pass on signals: the processes that it started must not go on without it. */
function whenOrphaned(leave) {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    leave();
  }, PARENT_CHECK_MS);
  timer.unref();
}
