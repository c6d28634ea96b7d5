import { AppError, loadApp } from '../apps/load-app.ts';
import { StoreClock } from './cluster/clock.ts';
import { readConfig } from './config.ts';
import { ConfigError } from './environment.ts';
import { createLogger } from './ops/log.ts';
import { startReplica } from './replica.ts';

/** What a drain may take beyond its window before the process leaves anyway. */
const DEADLINE_MS = 3000;

try {
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel, config.appId);
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'an error was not handled');
    process.exit(1);
  });
  const onUnusable = (sentence: string) => {
    process.stderr.write(`${sentence}\n`);
    process.exit(2);
  };
  const type = await loadApp(config.app);
  const replica = await startReplica(config, type, log, onUnusable, new StoreClock(), () => stop('an operator'));
  log.info({ url: replica.url, internalUrl: replica.internalUrl }, 'listening');

  let stopping = false;
  const stop = (by: NodeJS.Signals | 'an operator') => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ by, sockets: replica.sockets.size }, 'draining');
    setTimeout(() => {
      log.error('the drain took too long');
      process.exit(1);
    }, config.drainMs + DEADLINE_MS).unref();
    void replica.drain().then(() => {
      log.info('drained');
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  if (error instanceof ConfigError || error instanceof AppError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  const { code, address, port, syscall } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall === 'listen') {
    const where = `${address}:${port}`;
    process.stderr.write(`The replica cannot listen on ${where} (${code}); free the port or give another one.\n`);
    process.exit(2);
  }
  throw error;
}
