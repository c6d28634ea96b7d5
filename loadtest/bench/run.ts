import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { toStandardError } from '../kit/options.ts';
import { type Episode, NOT_MEASURED, Performance } from './episode.ts';
import { shuffled } from './generator/workload.ts';
import { growthSteps, measureGrowth } from './growth/measure.ts';
import type { LoadedSystem } from './loaded-system.ts';
import { type BenchOptions, planBench } from './options.ts';
import { pictures } from './pictures.ts';
import { describeRun, type Result } from './result.ts';
import { toMarkdown } from './result-tables.ts';
import type { Size } from './sizes.ts';
import { measureSoak } from './soak/measure.ts';
import { Stages } from './stages.ts';
import { ensurePeers } from './systems/peers.ts';
import type { System, Workload } from './systems/system.ts';

/** Longer than any working system takes, so that a system that hangs does not block the others. */
const EPISODE_MS = 300_000;

export interface RunOptions {
  readonly systems: readonly System[];
  readonly workloads: readonly Workload[];
  readonly size: Size;
  readonly report: (line: string) => void;
  /** How long one system may take, without a soak. */
  readonly episodeMs?: number;
  /** Ends the run after the current measurement. */
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
  const drawn = Object.entries(pictures(result));
  for (const [file, svg] of drawn) writeFileSync(path.join(out, file), svg);
  const written = ['bench.json', 'bench.md', ...drawn.map(([file]) => file)].map((file) => path.join(out, file));
  process.stdout.write(`${markdown}\nwritten to ${written.join(', ')}\n`);
  const isWhole = episodes.every(
    ({ problems }) => !Object.keys(problems).some((what) => what.startsWith(NOT_MEASURED)),
  );
  return isWhole && !interrupted.signal.aborted ? 0 : 1;
}

/**
 * Measures every system the requested number of times, each time in another order. A failure is reported in its
 * episode.
 */
export async function run(options: RunOptions): Promise<Episode[]> {
  const { systems, size, report, signal } = options;
  const stages = await Stages.prepare(size.replicas);
  const episodes: Episode[] = [];
  try {
    for (let repetition = 1; repetition <= size.repetitions; repetition += 1) {
      for (const system of shuffled(systems)) {
        if (signal?.aborted) return episodes;
        report(`${repetition}/${size.repetitions} ${system.name}`);
        const episode: Episode = { system: system.name, repetition, problems: {} };
        await measureAll(system, options, stages, episode);
        episodes.push(episode);
        report(`    ${summary(episode)}`);
      }
    }
  } finally {
    stages.remove();
  }
  return episodes;
}

/** Measures one system in one repetition: growth and soak on separate systems, the rest on one. */
async function measureAll(
  system: System,
  { workloads, size, signal, episodeMs = EPISODE_MS }: RunOptions,
  stages: Stages,
  episode: Episode,
): Promise<void> {
  const isWanted = (workload: Workload) => workloads.includes(workload) && system.workloads.includes(workload);
  /** A failure is reported, and the later parts are still measured. */
  const attempt = async (
    what: Workload | 'all',
    on: System,
    ms: number,
    task: (loaded: LoadedSystem) => Promise<void>,
  ) => {
    try {
      await stages.use(on, ms, task, signal);
    } catch (error) {
      if (!signal?.aborted) episode.problems[`${NOT_MEASURED}${what}: ${(error as Error).message}`] = 1;
    }
  };
  const together = workloads.filter((workload) => workload !== 'growth' && workload !== 'soak' && isWanted(workload));
  if (together.length > 0) {
    await attempt('all', system, episodeMs, (loaded) => new Performance(loaded, size).run(together, episode));
  }
  for (const step of isWanted('growth') ? growthSteps(size.growth) : []) {
    if (signal?.aborted) return;
    await attempt('growth', system.roomy ?? system, episodeMs, async (loaded) => {
      episode.growth = [...(episode.growth ?? []), await measureGrowth(loaded, step, size)];
    });
  }
  if (isWanted('soak') && !signal?.aborted) {
    await attempt('soak', system, episodeMs + size.soak.minutes * 60_000, async (loaded) => {
      episode.soak = await measureSoak(loaded, size);
    });
  }
}

const short = (number: number | undefined) => (number === undefined ? '-' : number.toFixed(number < 10 ? 1 : 0));

/** One progress line for the user. */
function summary({ moves, chat, idle, kill, max, curve, growth, soak, problems }: Episode): string {
  return [
    moves &&
      `moves p99 ${short(moves.p99)} ms, ${short(moves.cpu['all'])} us (generator ${short(moves.generatorCpu * 100)} %)`,
    max && `max ${short(max.deliveriesPerSecond)}/s`,
    chat && `chat ${short(chat.cpu['all'])} us`,
    idle && `idle ${short((idle['replicas'] ?? 0) / 1024)} KiB`,
    kill && `kill: ${kill.lost} missed, back in ${short(kill.allBackMs)} ms`,
    curve && `keeps up to ${short(Math.max(0, ...curve.filter(({ keptUp }) => keptUp).map(({ asked }) => asked)))}/s`,
    growth &&
      `growth ${growth.map(({ series, count, cpu }) => `${count} ${series} ${short(cpu['all'])}`).join(', ')} us`,
    soak && `soak p99 ${short(soak.p99)} ms, ${short(soak.cpu['all'])} us`,
    ...Object.entries(problems).map(([what, count]) => `${count}x ${what}`),
  ]
    .filter(Boolean)
    .join('; ');
}
