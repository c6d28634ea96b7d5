import type { Config } from '../config/config.ts';
import { StartError } from './errors.ts';
import { exemptLoopbackFromProxies } from './loopback.ts';
import { Report } from './report.ts';
import { Supervisor } from './supervisor.ts';

function superviseSignals(supervisor: Supervisor): void {
  const stop = async () => {
    if (supervisor.stopping) {
      supervisor.kill();
      process.exit(1);
    }
    await supervisor.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Our launcher was killed and can no longer pass a signal on.
  process.on('disconnect', () => {
    if (!supervisor.stopping) void stop();
  });
  process.on('uncaughtException', (error) => {
    supervisor.kill();
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
}

/**
 * Brings a cluster up and resolves when it is ready. From then on the process lives until a signal, `npm run stop` or
 * the end of its launcher stops the cluster.
 * @throws PreflightError when nothing was started, StartError when what was started is stopped again
 */
export async function start(config: Config): Promise<void> {
  exemptLoopbackFromProxies();
  const supervisor = new Supervisor(config, new Report());
  superviseSignals(supervisor);
  try {
    await supervisor.start();
  } catch (error) {
    // Stopped by a signal: its handler ends the process when all is down.
    if (supervisor.stopRequested) return;
    const refusedBySystem = error instanceof Error && 'syscall' in error;
    throw refusedBySystem ? new StartError(`The start failed: ${error.message}.`) : error;
  }
}
