import { dockerEnvironment } from '../../infra/image/docker.ts';
import { freePorts } from '../kit/ports.ts';
import { FullSystem } from './full.ts';
import type { Mode, Options } from './options.ts';
import { PlainSystem } from './plain.ts';
import { chooseMode, requireKind } from './preflight.ts';
import { rotated } from './rotation.ts';
import * as scenarios from './scenarios.ts';
import { Crowd } from './sockets.ts';
import { StepFailure, Steps } from './steps.ts';
import type { System } from './system.ts';

const SOCKETS = 200;

/** A stack that is small enough for two cores, and scales within what the test can open. */
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

/** Every scenario for a running system. A failed scenario does not prevent the next one. */
async function exercise(system: System, steps: Steps): Promise<void> {
  await steps.run('all under restricted', () => scenarios.underRestricted(system));
  await steps.run('only the root vouches', () => scenarios.onlyTheRootIsTrusted(system));
  await steps.run('a game over wss', () => scenarios.game(system));
  await steps.run('a pod killed in mid-game', () => scenarios.podKilled(system));
  await steps.run('a rolling update in mid-game', () => scenarios.rollingUpdate(system));
  await steps.run('a node drained in mid-game', () => scenarios.nodeDrained(system));
  await steps.run('an eviction too many refused', () => scenarios.budgetKept(system));
  await system.inspect(steps);
  const crowd = new Crowd(system);
  try {
    await steps.run(`${SOCKETS} sockets opened`, () => crowd.grow(SOCKETS));
    for (const step of system.rotations) await steps.run(`rotation: ${step}`, () => rotated(system, step, crowd));
    if (system.config.autoscaling !== 'none') {
      await steps.run('one more replica for more sockets', () =>
        scenarios.scaledOut(system, (total) => crowd.grow(Math.max(0, total - crowd.size))),
      );
    }
  } finally {
    crowd.close();
  }
}

async function runSystem(mode: Mode, options: Options): Promise<Steps> {
  const settings = await settingsFor(options);
  const system = mode === 'full' ? new FullSystem(settings, options) : new PlainSystem(settings, options);
  const steps = new Steps(() => system.kubectl.describe());
  const begun = performance.now();
  const figures: Record<string, unknown> = { mode };
  let interrupted: (() => void) | undefined;
  const interruption = new Promise<never>((_, reject) => (interrupted = () => reject(new StepFailure('interrupted'))));
  interruption.catch(() => undefined);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupted?.());
  try {
    await Promise.race([interruption, bringUp(system, steps, figures, begun).then(() => exercise(system, steps))]);
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error;
    figures['stopped'] = error.message;
  } finally {
    if (!options.keep) await system.stop(steps);
    else {
      const { clusterName, stateDir } = system.config;
      process.stdout.write(`kept: kind cluster ${clusterName}, ${system.url}, state in ${stateDir}\n`);
    }
    process.stdout.write(steps.table());
    if (options.json !== undefined) steps.write(options.json, figures);
  }
  return steps;
}

async function bringUp(system: System, steps: Steps, figures: Record<string, unknown>, begun: number): Promise<void> {
  await system.start(steps);
  await steps.must('replicas ready', () => scenarios.replicasReady(system));
  await steps.must('first WSS handshake', () => scenarios.firstHandshake(system));
  figures['secondsToFirstHandshake'] = Math.round((performance.now() - begun) / 100) / 10;
}

/**
 * Runs the end-to-end test; resolves with whether every step passed.
 * @throws ConfigError or PreflightError when it cannot be run
 */
export async function runEndToEnd(options: Options): Promise<boolean> {
  await requireKind();
  const { mode, reason } = await chooseMode(options);
  process.stdout.write(`end-to-end test, mode ${mode}: ${reason}\n`);
  const steps = await runSystem(mode, options);
  return !steps.failed && steps.results.length > 0;
}
