import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureCertificates } from '../../infra/local/certificates.ts';
import { PreflightError } from '../../infra/local/errors.ts';
import { findBinary, installCommand } from '../../infra/setup/binaries.mjs';
import { toStandardError } from '../kit/options.ts';
import { type Episode, NOT_MEASURED, Performance } from './episode.ts';
import { Generator } from './generator/generator.ts';
import { shuffled } from './generator/workload.ts';
import { type BenchOptions, planBench } from './options.ts';
import { describeRun, type Result } from './result.ts';
import { toMarkdown } from './result-tables.ts';
import type { Size } from './sizes.ts';
import { SystemUnderTest } from './system-under-test.ts';
import { ensurePeers } from './systems/peers.ts';
import type { System, Workload } from './systems/system.ts';

/** Longer than any system takes that works: one that hangs must not hold up the others. */
const EPISODE_MS = 300_000;

export interface RunOptions {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly size: Size;
  readonly report: (line: string) => void;
  /** How long one system may take. */
  readonly episodeMs?: number;
  /** Ends the run after what is going on. */
  readonly signal?: AbortSignal;
}

/** Measures, prints the tables and writes them with every measurement. Resolves with the exit code. @throws UsageError */
export async function runBench(options: BenchOptions, report = toStandardError): Promise<number> {
  const plan = planBench(options);
  const { systems, workloads, size, out } = plan;
  if (systems.some(({ isPeer }) => isPeer)) ensurePeers(report);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
  const before = describeRun(plan);
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

/** Measures every system as often as asked, each time in another order. What fails is told in its episode. */
export async function run(given: RunOptions): Promise<Episode[]> {
  const { systems, workloads, size, report, signal, episodeMs = EPISODE_MS } = given;
  const [haproxy, redis] = [binary('haproxy', 'haproxy'), binary('redis', 'redis-server')];
  const pki = mkdtempSync(path.join(os.tmpdir(), 'gridlock-bench-pki-'));
  const episodes: Episode[] = [];
  try {
    await ensureCertificates(pki, 'localhost');
    const ca = readFileSync(path.join(pki, 'root.pem'), 'utf8');
    for (let repetition = 1; repetition <= size.repetitions; repetition += 1) {
      for (const system of shuffled(systems)) {
        if (signal?.aborted) return episodes;
        report(`${repetition}/${size.repetitions} ${system.name}`);
        const episode: Episode = { system: system.name, repetition, problems: {} };
        const options = { replicas: size.replicas, haproxy, redis, pki };
        await measure(system, workloads, size, ca, options, episode, episodeMs, signal);
        episodes.push(episode);
        report(`    ${summary(episode)}`);
      }
    }
  } finally {
    rmSync(pki, { recursive: true, force: true });
  }
  return episodes;
}

async function measure(
  system: System,
  workloads: readonly Workload[],
  size: Size,
  ca: string,
  options: Parameters<typeof SystemUnderTest.start>[1],
  episode: Episode,
  episodeMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const generator = new Generator();
  let stage: SystemUnderTest | undefined;
  let isLate = false;
  const stop = async () => {
    await generator.stop();
    await stage?.stop();
  };
  const deadline = setTimeout(() => {
    isLate = true;
    void stop();
  }, episodeMs);
  signal?.addEventListener('abort', stop, { once: true });
  try {
    stage = await SystemUnderTest.start(system, options);
    await new Performance(system, stage, generator, size, ca).run(workloads, episode);
  } catch (error) {
    const why = isLate ? `it took longer than ${episodeMs / 1000} s` : (error as Error).message;
    if (!signal?.aborted) episode.problems[`${NOT_MEASURED}all: ${why}`] = 1;
  } finally {
    clearTimeout(deadline);
    signal?.removeEventListener('abort', stop);
    await stop();
  }
}

const short = (number: number | undefined) => (number === undefined ? '-' : number.toFixed(number < 10 ? 1 : 0));

/** One line for who waits. */
function summary({ moves, chat, idle, kill, max, problems }: Episode): string {
  return [
    moves &&
      `moves p99 ${short(moves.p99)} ms, ${short(moves.cpu['all'])} us (generator ${short(moves.generatorCpu * 100)} %)`,
    max && `max ${short(max.deliveriesPerSecond)}/s`,
    chat && `chat ${short(chat.cpu['all'])} us`,
    idle && `idle ${short((idle['replicas'] ?? 0) / 1024)} KiB`,
    kill && `kill: ${kill.lost} missed, back in ${short(kill.allBackMs)} ms`,
    ...Object.entries(problems).map(([what, count]) => `${count}x ${what}`),
  ]
    .filter(Boolean)
    .join('; ');
}

function binary(part: 'haproxy' | 'redis', name: string): string {
  const found = findBinary(name);
  if (found !== undefined) return found;
  throw new PreflightError(`${name} is not installed: ${installCommand([part])}`);
}
