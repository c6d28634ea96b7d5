// Usage: npm run load -- smoke|scale|chat|reconnect|failover|rollout|rotation|soak|abuse [flags]
import path from 'node:path';
import { ConfigError } from '../../infra/config/config.ts';
import { UsageError } from '../kit/options.ts';
import { describe } from './describe.ts';
import { HELP, readOptions } from './options.ts';
import { runLoad } from './run.ts';

const EXIT = { broken: 1, refused: 2 };

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    process.stdout.write(HELP);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const summary = await runLoad(options, (line) => void process.stderr.write(`${line}\n`), stop.signal);
  process.stdout.write(`${describe(summary)}\nreport: ${path.join(options.out, 'report.html')}\n`);
  return summary.passed ? 0 : EXIT.broken;
}

try {
  process.exitCode = await main();
} catch (error) {
  const refused =
    error instanceof UsageError || error instanceof ConfigError || (error as Error).name === 'PreflightError';
  process.stderr.write(`${refused ? (error as Error).message : (error as Error).stack}\n`);
  process.exitCode = EXIT.refused;
}
