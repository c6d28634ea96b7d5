import { ConfigError, configHelp, readConfig } from '../config/config.ts';
import { flagOf, LOCAL_KEYS } from '../config/keys.ts';
import { PreflightError, StartError } from './errors.ts';
import { Report } from './report.ts';
import { Supervisor } from './supervisor.ts';

const EXIT = { refused: 2, failed: 1 };

/** npm keeps flags written before `--` for itself, and passes them on as environment variables only. */
function refuseSwallowedFlags(): void {
  for (const key of [...Object.keys(LOCAL_KEYS), 'stack']) {
    const flag = flagOf(key);
    const value = process.env[`npm_config_${flag.replaceAll('-', '_')}`];
    if (value === undefined) continue;
    // Of `--port 1` npm keeps `--port` alone.
    const shown = value === 'true' ? '...' : value;
    throw new ConfigError(
      `npm took --${flag} for itself; flags come after two dashes: npm start -- --${flag} ${shown}`,
    );
  }
}

function fail(error: unknown): never {
  const refused =
    error instanceof ConfigError ||
    error instanceof PreflightError ||
    (error instanceof Error && error.name === 'CertificateError');
  const sentence = refused || error instanceof StartError ? error.message : (error as Error).stack;
  process.stderr.write(`${sentence}\n`);
  process.exit(refused ? EXIT.refused : EXIT.failed);
}

function superviseSignals(supervisor: Supervisor): void {
  const stop = async () => {
    if (supervisor.stopping) {
      supervisor.kill();
      process.exit(EXIT.failed);
    }
    await supervisor.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Whoever launched us was killed and can no longer pass a signal on.
  process.on('disconnect', () => {
    if (!supervisor.stopping) void stop();
  });
  process.on('uncaughtException', (error) => {
    supervisor.kill();
    fail(error);
  });
}

try {
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(`npm start -- [flags]\n\n${configHelp()}`);
    process.exit(0);
  }
  refuseSwallowedFlags();
  const supervisor = new Supervisor(readConfig({ args }), new Report());
  superviseSignals(supervisor);
  await supervisor.start().catch((error: unknown) => {
    // Stopped by a signal: its handler ends the process when all is down.
    if (!supervisor.stopRequested) throw error;
  });
} catch (error) {
  // What the system refuses is named with its path: a stack says no more to the user.
  const refusedBySystem = error instanceof Error && 'syscall' in error;
  fail(refusedBySystem ? new StartError(`The start failed: ${error.message}.`) : error);
}
