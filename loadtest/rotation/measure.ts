import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../kit/cluster.ts';
import { Crowd, type CrowdReport, type Move, steadily } from '../kit/crowd.ts';
import { type Latency, latencyOf, type PairedRatio, pairedP99Ratio, type WindowPair } from '../kit/statistics.ts';
import { type HandshakeReport, Handshakes } from './handshakes.ts';
import { RotationWorker } from './rotation-worker.ts';
import { type Done, isRollover, planSteps, type Step } from './step.ts';
import { type Visit, visits } from './visitors.ts';

/** The options of a run. */
export interface RunOptions {
  /** Sockets that play, two in a game; an even number. */
  sockets: number;
  /** Moves a second of each. */
  pace: number;
  leaf: number;
  intermediate: number;
  /** Milliseconds between the starts of two rotations. */
  every: number;
  /** Full TLS handshakes a second. */
  handshakes: number;
  /** Gets a line about what is happening. */
  report?: (line: string) => void;
}

export interface RunResult {
  options: Omit<RunOptions, 'report'>;
  /** Sockets open at the end. */
  open: number;
  rotations: { step: Step; tookMs: number; edge: string }[];
  /** Steps that the authority could not do. */
  refusals: { step: Step; message: string }[];
  players: CrowdReport;
  handshakes: HandshakeReport;
  calm: Latency;
  rotating: Latency;
  ratio: PairedRatio;
  visits: Visit[];
  /** Share of the time that this process, which plays all players, was busy. */
  busy: number;
}

interface Stretch {
  rotating: boolean;
  from: number;
  to: number;
}

/** Rotations in one stretch of a run. A stretch of the same length without any comes before or after it. */
const STEPS_A_STRETCH = 12;
const WARM_UP_MS = 3000;
const GAME = { players: 2, size: 9, seconds: 300 };

/**
 * Plays on a cluster while its authority rotates and is rolled over. Stretches with rotations and stretches without
 * take turns in the same run, so that both meet the same neighbours on the machine; sockets and handshakes go on
 * through all of them.
 */
export async function measure(cluster: Cluster, options: RunOptions): Promise<RunResult> {
  const { sockets, pace, report = () => undefined, ...rest } = options;
  const pki = path.join(cluster.stateDir, 'pki');
  const authority = new RotationWorker(pki);
  let players: Crowd | undefined;
  let handshakes: Handshakes | undefined;
  try {
    await authority.ready();
    report(`connecting ${sockets} players`);
    players = await Crowd.connect(cluster, sockets);
    await players.seat(sockets / GAME.players, {
      ...GAME,
      firstSize: () => 3 + Math.floor(Math.random() * (GAME.size - 2)),
    });
    handshakes = new Handshakes(Number(new URL(cluster.url).port), cluster.rootPem, options.handshakes);
    players.play(steadily(1000 / pace));
    handshakes.start();
    await delay(WARM_UP_MS);
    const before = performance.eventLoopUtilization();
    const run = new Run(cluster.url, authority, handshakes, rest.every, report);
    await run.play(planSteps(options.leaf, options.intermediate));
    const busy = performance.eventLoopUtilization(before).utilization;
    const { open, moves } = players;
    const seen = await handshakes.stop();
    await players.stop();
    const pairs = pairsOf(run.stretches, moves);
    return {
      options: { sockets, pace, ...rest },
      open,
      rotations: run.done.map(({ step, tookMs, edge }) => ({ step, tookMs, edge })),
      refusals: run.refusals,
      players: players.report(),
      handshakes: seen,
      calm: latencyOf(pairs.flatMap(({ quiet }) => quiet)),
      rotating: latencyOf(pairs.flatMap(({ tested }) => tested)),
      ratio: pairedP99Ratio(pairs),
      visits: run.visits,
      busy,
    };
  } finally {
    // The parts that were stopped above have nothing left to do.
    players?.close();
    await Promise.allSettled([handshakes?.stop(), authority.stop()]);
  }
}

class Run {
  readonly done: Done[] = [];
  readonly refusals: RunResult['refusals'] = [];
  readonly stretches: Stretch[] = [];
  readonly visits: Visit[] = [];
  readonly #url: string;
  readonly #authority: RotationWorker;
  readonly #handshakes: Handshakes;
  readonly #every: number;
  readonly #report: (line: string) => void;
  /** The recent duration of a rotation, with the pause after it. */
  #stepMs: number;
  #roots: string[] = [];

  constructor(
    url: string,
    authority: RotationWorker,
    handshakes: Handshakes,
    every: number,
    report: (line: string) => void,
  ) {
    this.#url = url;
    this.#authority = authority;
    this.#handshakes = handshakes;
    this.#every = every;
    this.#stepMs = every;
    this.#report = report;
  }

  async play(steps: readonly Step[]): Promise<void> {
    const stretches = stretchesOf(steps);
    for (const [index, stretch] of stretches.entries()) {
      const last = stretch.at(-1)!;
      this.#report(`stretch ${index + 1} of ${stretches.length}`);
      // The order alternates, so that a drift during the run affects both sides equally.
      const quiet = () => this.#timed(false, () => delay(stretch.length * this.#stepMs));
      const rotating = () => this.#timed(true, () => this.#rotate(stretch));
      for (const part of index % 2 === 0 ? [quiet, rotating] : [rotating, quiet]) await part();
      if (isRollover(last)) await this.#letVisitorsCome(last);
    }
  }

  async #timed(rotating: boolean, work: () => Promise<unknown>): Promise<void> {
    const from = performance.now();
    await work();
    this.stretches.push({ rotating, from, to: performance.now() });
  }

  async #rotate(steps: readonly Step[]): Promise<void> {
    const start = performance.now();
    for (const step of steps) {
      const next = performance.now() + this.#every;
      try {
        const done = await this.#authority.do(step);
        this.done.push(done);
        this.#handshakes.expect(done.serialNumber);
        // Clients get the bundle when the step is done: the step itself must work with the one they had.
        if (isRollover(step)) this.#handshakes.trust(done.bundle);
        if (step === 'accept') this.#roots = done.bundle.match(/-----BEGIN [\s\S]+?-----END CERTIFICATE-----\n/g) ?? [];
      } catch (error) {
        this.refusals.push({ step, message: (error as Error).message });
      }
      await delay(Math.max(0, next - performance.now()));
    }
    this.#stepMs = (performance.now() - start) / steps.length;
  }

  async #letVisitorsCome(after: 'accept' | 'issue' | 'retire'): Promise<void> {
    const [g1, g2] = this.#roots;
    if (g1 === undefined || g2 === undefined) return;
    this.visits.push(...(await visits(this.#url, after, [g1, g2])));
  }
}

/** Parts of the plan that are done in one stretch: of about the same size, each ending with a step of the rollover. */
function stretchesOf(steps: readonly Step[]): Step[][] {
  const stretches: Step[][] = [[]];
  for (const step of steps) {
    const current = stretches.at(-1)!;
    current.push(step);
    if (isRollover(step) || current.length >= STEPS_A_STRETCH) stretches.push([]);
  }
  return stretches.filter(({ length }) => length > 0);
}

/** Each move belongs to the stretch in which it was due; stretches come in twos. */
function pairsOf(stretches: readonly Stretch[], moves: readonly Move[]): WindowPair[] {
  const timesIn = ({ from, to }: Stretch) =>
    moves.filter(({ dueAt }) => dueAt >= from && dueAt < to).map(({ dueAt, at }) => at - dueAt);
  const pairs: WindowPair[] = [];
  for (let index = 0; index < stretches.length; index += 2) {
    const two = stretches.slice(index, index + 2);
    const times = (rotating: boolean) => timesIn(two.find((stretch) => stretch.rotating === rotating)!);
    pairs.push({ quiet: times(false), tested: times(true) });
  }
  return pairs;
}
