import { dockerEnvironment } from '../../infra/image/docker.ts';
import { freePorts } from '../kit/ports.ts';
import { FullSystem } from './full.ts';
import { OWN } from './interrupted.ts';
import type { Mode, Options } from './options.ts';
import { PlainSystem } from './plain.ts';
import { scenariosOf } from './plan.ts';
import { chooseMode, requireKind } from './preflight.ts';
import { chosenOf, type Scenario } from './scenario.ts';
import * as scenarios from './scenarios.ts';
import { buildExample, EXAMPLE, EXAMPLE_SETTINGS } from './socket-io.ts';
import { Crowd } from './sockets.ts';
import { StepFailure, Steps } from './steps.ts';
import type { System } from './system.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A stack that is small enough for two cores, and that scales out with as few sockets as the test can open. */
async function settingsFor(options: Options): Promise<Record<string, unknown>> {
  const [port, httpPort] = await freePorts(2);
  const classic = (await dockerEnvironment())['DOCKER_BUILDKIT'] === '0';
  return {
    cluster: 'kind',
    clusterName: `gridlock-e2e-${process.pid}`,
    workers: 2,
    port,
    httpPort,
    replicas: 3,
    maxReplicas: 6,
    socketsPerReplica: 100,
    drainMs: 2000,
    ...(classic ? { imageBuilder: 'classic' } : {}),
    ...options.settings,
  };
}

/** Runs the scenarios one after the other. A failed one does not prevent the next. */
async function exercise(
  system: System,
  chosen: readonly Scenario[],
  steps: Steps,
  isInterrupted: () => boolean,
): Promise<void> {
  const crowd = new Crowd(system);
  try {
    for (const { title, run } of chosen) {
      if (isInterrupted()) return;
      await steps.run(title, () => run({ system, crowd }));
    }
  } finally {
    crowd.close();
  }
}

/** A system, the scenarios to run on it, and its figures. */
interface Run {
  readonly system: System;
  readonly chosen: readonly Scenario[];
  readonly figures: Record<string, unknown>;
}

async function runSystem({ system, chosen, figures }: Run, steps: Steps, { keep }: Options): Promise<void> {
  if (chosen.length === 0) return;
  const begun = performance.now();
  steps.diagnoseBy(() => system.kubectl.describe());
  let isInterrupted = false;
  let interrupted: (() => void) | undefined;
  const interruption = new Promise<never>((_, reject) => (interrupted = () => reject(new StepFailure('interrupted'))));
  interruption.catch(() => undefined);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      isInterrupted = true;
      interrupted?.();
    });
  }
  try {
    const run = bringUp(system, steps, figures, begun).then(() => exercise(system, chosen, steps, () => isInterrupted));
    await Promise.race([interruption, run]);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    figures['stopped'] = error.message;
  } finally {
    if (!keep) await system.stop(steps);
    else {
      const { clusterName, stateDir } = system.config;
      process.stdout.write(`kept: kind cluster ${clusterName}, ${system.url}, state in ${stateDir}\n`);
    }
  }
}

async function bringUp(system: System, steps: Steps, figures: Record<string, unknown>, begun: number): Promise<void> {
  await system.start(steps);
  await steps.must('replicas ready', () => scenarios.replicasReady(system));
  if (system.config.serverImage !== '') return;
  await steps.must('first WSS handshake', () => scenarios.firstHandshake(system));
  figures['secondsToFirstHandshake'] = Math.round((performance.now() - begun) / 100) / 10;
}

/** Runs the chosen scenarios of the mode: those with their own stack, then the shared ones, then the Socket.IO example. */
async function runAll(mode: Mode, options: Options, steps: Steps, figures: Record<string, unknown>): Promise<void> {
  const settings = await settingsFor(options);
  const isFull = mode === 'full';
  const system = isFull ? new FullSystem(settings, options) : new PlainSystem(settings, options);
  const shared = scenariosOf(system);
  const own = isFull ? OWN : [];
  const example = isFull ? EXAMPLE : [];
  const names = new Set(chosenOf([...shared, ...own, ...example], options.only).map(({ name }) => name));
  const isChosen = ({ name }: { readonly name: string }): boolean => names.has(name);
  for (const { title, run } of own.filter(isChosen)) await steps.run(title, () => run(settings, options));
  await runSystem({ system, chosen: shared.filter(isChosen), figures }, steps, options);
  if (!example.some(isChosen)) return;
  await steps.must('image of the example built', buildExample);
  const chat = new FullSystem({ ...settings, ...EXAMPLE_SETTINGS }, options);
  await runSystem({ system: chat, chosen: example.filter(isChosen), figures: {} }, steps, options);
}

/**
 * Runs the end-to-end test; resolves with whether every step passed.
 * @throws ConfigError or PreflightError when it cannot be run
 */
export async function runEndToEnd(options: Options): Promise<boolean> {
  await requireKind();
  const { mode, reason } = await chooseMode(options);
  process.stdout.write(`end-to-end test, mode ${mode}: ${reason}\n`);
  const steps = new Steps();
  const figures: Record<string, unknown> = { mode };
  try {
    await runAll(mode, options, steps, figures);
  } finally {
    process.stdout.write(steps.table());
    if (options.json !== undefined) steps.write(options.json, figures);
  }
  return !steps.failed && steps.results.length > 0;
}
