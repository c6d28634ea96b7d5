import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../../infra/usage-error.ts';
import { type Report, toStandardError } from '../kit/options.ts';
import { HeldSocket } from './held-socket.ts';
import { type ConnectOptions, type ConnectPlan, planConnect } from './options.ts';
import { type ConnectSummary, describeConnect, summariseConnect } from './summary.ts';
import { Tally } from './tally.ts';

const TELL_EVERY_MS = 10_000;
/** Time after the last ping for answers under way to arrive, and for sockets that were cut to reconnect. */
const SETTLE_MS = 6000;
const CLOSE_MS = 2000;
const LOOK_MS = 50;
const DELAY_RESOLUTION_MS = 10;

/** Runs the command: prints the result, and resolves with the exit code. @throws UsageError */
export async function connect(options: ConnectOptions, report: Report = toStandardError): Promise<number> {
  const plan = planConnect(options);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const summary = await holdSockets(plan, report, stop.signal);
  mkdirSync(plan.out, { recursive: true });
  const file = path.join(plan.out, 'summary.json');
  writeFileSync(file, `${JSON.stringify(summary, null, 1)}\n`);
  process.stdout.write(`${describeConnect(summary)}\nsummary: ${file}\n`);
  return summary.passed ? 0 : 1;
}

/** Resolves when the condition holds, or after `mostMs`. */
async function until(isSo: () => boolean, mostMs: number): Promise<void> {
  const end = performance.now() + mostMs;
  while (!isSo() && performance.now() < end) await sleep(LOOK_MS);
}

/**
 * Opens, holds and closes the sockets of a run, and counts into the tally. The signal ends the run early; answers under
 * way still arrive.
 * @throws UsageError when none ever opened
 */
export async function holdSockets(
  plan: ConnectPlan,
  report: Report,
  signal: AbortSignal,
  tally: Tally = new Tally(),
): Promise<ConnectSummary> {
  const { sockets: count, seconds, rampSeconds, target } = plan;
  const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  const sockets = Array.from({ length: count }, (_, index) => new HeldSocket(plan, tally, index + 1));
  const startedAt = new Date();
  report(`connect on ${target}: ${count} sockets, ${seconds} s`);
  delay.enable();
  sockets.forEach((socket, index) => socket.openAfter((rampSeconds * 1000 * index) / count));
  const begun = performance.now();
  const telling = setInterval(() => {
    const second = Math.round((performance.now() - begun) / 1000);
    const { open, failureCount, dropCount } = tally;
    report(`${String(second).padStart(5)} of ${seconds} s: ${open} open, ${failureCount} failed, ${dropCount} dropped`);
  }, TELL_EVERY_MS);
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  clearInterval(telling);
  for (const socket of sockets) socket.fallSilent();
  const isSettled = () => tally.opened === 0 || sockets.every((socket) => socket.isOpen && socket.unanswered === 0);
  await until(isSettled, SETTLE_MS);
  delay.disable();
  const openAtEnd = tally.open;
  const unanswered = sockets.reduce((sum, socket) => sum + socket.unanswered, 0);
  for (const socket of sockets) socket.close();
  await until(() => tally.open === 0, CLOSE_MS);
  for (const socket of sockets) socket.terminate();
  if (tally.opened === 0) {
    const [reason = 'the run was too short'] = tally.failures.keys();
    throw new UsageError(
      `No socket could be opened at ${target} (${reason}): is a server there, its path in --target, and its root in --ca?`,
    );
  }
  return summariseConnect({
    plan,
    tally,
    startedAt,
    openAtEnd,
    unanswered,
    // The interval of the monitor itself is not a delay.
    delayMs: Math.max(0, delay.percentile(99) / 1e6 - DELAY_RESOLUTION_MS),
  });
}
