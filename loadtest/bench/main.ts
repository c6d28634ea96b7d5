// Usage: npm run bench -- [flags]; see --help.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PreflightError } from '../../infra/local/errors.ts';
import { NOT_MEASURED } from './episode.ts';
import { HELP, readFlags, UsageError } from './options.ts';
import { describeRun, type Result } from './result.ts';
import { toMarkdown } from './result-tables.ts';
import { run } from './run.ts';
import { ensurePeers } from './systems/peers.ts';

async function main(): Promise<number> {
  const flags = readFlags(process.argv.slice(2));
  if (!flags) {
    process.stdout.write(HELP);
    return 0;
  }
  const { systems, workloads, size, out } = flags;
  const report = (line: string) => void process.stderr.write(`${line}\n`);
  if (systems.some(({ isPeer }) => isPeer)) ensurePeers(report);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
  const before = describeRun(flags);
  const episodes = await run({ systems, workloads, size, report, signal: interrupted.signal });
  const result: Result = { ...before, finishedAt: new Date().toISOString(), episodes };
  const markdown = toMarkdown(result);
  mkdirSync(out, { recursive: true });
  writeFileSync(path.join(out, 'bench.json'), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(path.join(out, 'bench.md'), markdown);
  process.stdout.write(`${markdown}\nwritten to ${out}/bench.json and ${out}/bench.md\n`);
  const isWhole = episodes.every(
    ({ problems }) => !Object.keys(problems).some((what) => what.startsWith(NOT_MEASURED)),
  );
  return isWhole && !interrupted.signal.aborted ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof PreflightError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
