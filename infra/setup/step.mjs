// Steps of the set-up: their lines on the terminal, and the commands they run. Plain JavaScript without packages.
import { spawn } from 'node:child_process';
import os from 'node:os';

const FRAMES = [...'⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏'];
const FRAME_MS = 100;
const CLEAR_LINE = '\r\u001b[K';
const KEPT_OUTPUT = 64 * 1024;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * A set-up step that cannot go on; the message is a sentence for the user, the process ends with its exit code.
 */
export class SetupError extends Error {
  exitCode = 2;
}

const out = process.stderr;
const isLive = () => out.isTTY === true && process.env.TERM !== 'dumb' && !process.env.CI;
const hasColor = () => isLive() && !process.env.NO_COLOR;
const paint = (code, text) => (hasColor() ? `\u001b[${code}m${text}\u001b[39m` : text);

/** The step that is drawn on the terminal's last line, if there is one. */
let current;

function draw() {
  if (!current) return;
  const seconds = Math.floor((performance.now() - current.begun) / 1000);
  const frame = FRAMES[Math.floor(performance.now() / FRAME_MS) % FRAMES.length];
  const text = `${current.title} (${seconds} s)${current.detail ? `  ${current.detail}` : ''}`;
  out.write(`${CLEAR_LINE}${paint(36, frame)} ${text.slice(0, Math.max(20, (out.columns || 80) - 3))}`);
}

/** One line. On stderr, so that what a command prints on stdout stays parseable. */
export function progress(line) {
  if (!current || !isLive()) {
    out.write(`set-up: ${line}\n`);
    return;
  }
  out.write(`${CLEAR_LINE}  ${line}\n`);
  draw();
}

/**
 * Runs one step and shows how long it took: on a terminal in a line that is updated, elsewhere in a line before and a
 * line after it.
 */
export async function step(title, work) {
  const begun = performance.now();
  const live = isLive();
  let timer;
  if (live) {
    current = { title, begun, detail: '' };
    timer = setInterval(draw, FRAME_MS);
    draw();
  } else progress(title);
  const end = (mark) => {
    clearInterval(timer);
    current = undefined;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    if (live) out.write(`${CLEAR_LINE}${mark} ${title} (${seconds} s)\n`);
    else if (mark === DONE()) progress(`${title}: done in ${seconds} s`);
  };
  try {
    const result = await work();
    end(DONE());
    return result;
  } catch (error) {
    end(paint(31, '✖'));
    throw error;
  }
}
const DONE = () => paint(32, '✔');

/**
 * Runs a command, its last line of output next to the step. Resolves with all it printed on stdout. A signal is passed
 * on to it. @throws SetupError that ends with the last lines of its output
 */
export async function run(what, command, args, { onOutput, ...options } = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let signalled;
  const pass = (signal) => {
    signalled = signal;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  let stdout = '';
  let output = '';
  const collect = (chunk) => {
    output = (output + chunk).slice(-KEPT_OUTPUT);
    onOutput?.(String(chunk));
    const line = String(chunk)
      .trim()
      .split(/[\r\n]/)
      .at(-1);
    if (current && line) current.detail = line;
  };
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
    collect(chunk);
  });
  child.stderr.on('data', collect);
  const reason = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? undefined : `exit code ${code ?? signal}`));
  });
  for (const signal of SIGNALS) process.off(signal, pass);
  if (signalled)
    throw Object.assign(new SetupError('The set-up was interrupted.'), {
      exitCode: 128 + os.constants.signals[signalled],
    });
  if (reason === undefined) return stdout;
  const last = output.trim().split('\n').slice(-15).join('\n');
  throw new SetupError(`${what} failed (${reason}); the command was: ${command} ${args.join(' ')}\n${last}`);
}
