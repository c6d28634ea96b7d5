import { type Config, ConfigError } from '../config/config.ts';
import { publicUrl } from '../config/origin.ts';
import { checkNoServerImage } from '../config/server-checks.ts';
import { browserOpener, noScreen, openAddress } from './browser.ts';
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
  // Our launcher was killed and can no longer pass on a signal.
  process.on('disconnect', () => {
    if (!supervisor.stopping) void stop();
  });
  process.on('uncaughtException', (error) => {
    supervisor.kill();
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  });
}

/** Opens the page in the browser. Without a browser the cluster runs all the same. */
function openPage(config: Config, report: Report): void {
  const opener = browserOpener();
  const problem = noScreen() ?? ('problem' in opener ? opener.problem : undefined);
  if (problem !== undefined) report.line(problem);
  else if ('program' in opener) openAddress(opener.program, publicUrl(config));
}

/**
 * Brings a cluster up and resolves when it is ready. From then on the process lives until a signal, `npm run stop` or
 * the end of its launcher stops the cluster.
 * @throws ConfigError for an image to run, PreflightError when nothing was started, StartError when the processes that
 * were started have been stopped again
 */
export async function start(config: Config, { opens = false } = {}): Promise<void> {
  const complaint = checkNoServerImage(config);
  if (complaint) throw new ConfigError(`${complaint.problem}: ${complaint.remedy}.`);
  exemptLoopbackFromProxies();
  const report = new Report();
  const supervisor = new Supervisor(config, report);
  superviseSignals(supervisor);
  try {
    await supervisor.start();
    if (opens && !supervisor.stopping) openPage(config, report);
  } catch (error) {
    // Stopped by a signal: its handler ends the process when all is down.
    if (supervisor.stopRequested) return;
    const refusedBySystem = error instanceof Error && 'syscall' in error;
    throw refusedBySystem ? new StartError(`The start failed: ${error.message}.`) : error;
  }
}
