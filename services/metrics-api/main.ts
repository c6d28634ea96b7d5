import { pino } from 'pino';
import { ConfigError } from '../server/environment.ts';
import { readConfig } from './config.ts';
import { startMetricsApi } from './server.ts';

try {
  const config = readConfig(process.env);
  const log = pino({ level: config.logLevel, base: { service: 'metrics-api' } });
  const api = await startMetricsApi(config, log);
  log.info({ port: api.port, namespace: config.namespace }, 'serving');
  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    void api.stop().then(() => process.exit(0));
    // A question takes seconds at most.
    setTimeout(() => process.exit(0), 5000).unref();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
