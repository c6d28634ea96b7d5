import { readFileSync } from 'node:fs';
import type { RunningStatus } from '../../infra/local/system-status.ts';
import { pause } from '../kit/pause.ts';
import type { AttackReport } from './attack.ts';
import { Attacker } from './attacker.ts';
import { ATTACK_NAMES, type AttackName } from './attacks.ts';
import { heldFor, type Observation, observe, probe } from './observation.ts';

/** Only attackers use these addresses. */
const OTHER = '127.0.66.2';
const STRANGER = '127.0.66.3';
/** Each attack uses other addresses, because the cluster may still block those of the previous one. */
const attackerOf = (name: AttackName) => `127.0.66.${10 + ATTACK_NAMES.indexOf(name)}`;
const PROBE_EVERY_MS = 250;
const PROBED = ['/', '/crl/'];
/** Within this the edge lets go of peers that do not read. */
export const RELEASE_MS = 45_000;

/** The quiet window begins; it ends and the attack is prepared; the attack begins; it ends. */
export type Moment = 'quiet' | 'prepared' | 'attacked' | 'over';

/** A window without the attack and one with it, next to each other. */
export interface AttackWindow {
  readonly report: AttackReport;
  readonly before: Observation;
  readonly quietEnd: Observation;
  readonly between: Observation;
  readonly after: Observation;
  /** Milliseconds in which the plain port answered a stranger; NaN where it did not. */
  readonly probes: { readonly quiet: readonly number[]; readonly attacked: readonly number[] };
}

/** What the edge still holds for the attacker's sockets, which are open and silent. */
export interface Aftermath {
  readonly sessions: number;
  readonly queued: number;
  readonly left: { readonly sessions: number; readonly queued: number; readonly afterMs: number };
}

export interface AttackStep {
  readonly name: AttackName;
  readonly windows: AttackWindow[];
  aftermath?: Aftermath;
}

/** Mounts attacks on a cluster of processes on this machine, and records their effects. */
export class AttackRun {
  readonly steps: AttackStep[] = [];
  readonly #attacker: Attacker;
  readonly #status: () => Promise<RunningStatus>;
  readonly #trustFile: string;

  /** `priority` of the attacker, as of nice(1). */
  constructor(status: () => Promise<RunningStatus>, trustFile: string, priority?: number) {
    this.#attacker = new Attacker(priority);
    this.#status = status;
    this.#trustFile = trustFile;
  }

  get attackerPid(): number | undefined {
    return this.#attacker.pid;
  }

  /** Runs a quiet window, then the attack for the same time. `told` is called at each moment. */
  async window(name: AttackName, ms: number, told: (what: Moment) => void): Promise<void> {
    const status = await this.#status();
    const before = await observe(status);
    told('quiet');
    const quiet = await this.#probed(
      status,
      pause(ms).then(() => undefined),
    );
    const quietEnd = await observe(status);
    told('prepared');
    const [{ port, httpPort }, ca] = [status.edge, readFileSync(this.#trustFile, 'utf8')];
    const place = { port, httpPort, ca, address: attackerOf(name), otherAddress: OTHER };
    // The first observation is after the preparation of the attack, which does not count.
    let between: Promise<Observation> | undefined;
    const begun = () => {
      between = observe(status);
      told('attacked');
    };
    const attacked = await this.#probed(status, this.#attacker.run(name, ms, place, begun));
    told('over');
    const after = await observe(status);
    const probes = { quiet: quiet.probes, attacked: attacked.probes };
    let step = this.steps.find((one) => one.name === name);
    if (!step) this.steps.push((step = { name, windows: [] }));
    step.windows.push({
      report: attacked.result,
      before,
      quietEnd,
      between: (await between) ?? quietEnd,
      after,
      probes,
    });
    if (name !== 'deafPeers') await this.#attacker.letGo();
  }

  /** Watches the resources that the edge holds for the attacker's sockets, then releases the sockets. */
  async aftermath(name: AttackName): Promise<void> {
    const status = await this.#status();
    const began = performance.now();
    const first = await heldFor(attackerOf(name), status);
    let now = first;
    while (now.sessions > 0 && performance.now() - began < RELEASE_MS) {
      await pause(500);
      now = await heldFor(attackerOf(name), status);
    }
    const step = this.steps.find((one) => one.name === name);
    if (step) step.aftermath = { ...first, left: { ...now, afterMs: Math.round(performance.now() - began) } };
    await this.#attacker.letGo();
  }

  stop(): Promise<void> {
    return this.#attacker.stop();
  }

  async #probed<Result>({ edge }: RunningStatus, work: Promise<Result>): Promise<{ result: Result; probes: number[] }> {
    let isOver = false;
    const done = work.finally(() => {
      isOver = true;
    });
    done.catch(() => undefined);
    const probes: Promise<number>[] = [];
    for (let next = 0; !isOver; next += 1) {
      probes.push(probe(edge.httpPort, PROBED[next % PROBED.length]!, STRANGER));
      await Promise.race([pause(PROBE_EVERY_MS), done.catch(() => undefined)]);
    }
    return { result: await done, probes: await Promise.all(probes) };
  }
}
