import type { BREAK_PARTS, BreakPart, Strike } from '../../services/protocol/break-it.ts';
import type { LocalCluster } from './local-cluster.ts';

/** The parts of a cluster that can be broken on purpose. */
export type Breakable = Pick<LocalCluster, 'plan' | 'crash' | 'recovered'>;

export interface StrikesOptions {
  readonly cluster: Breakable;
  readonly parts: readonly (typeof BREAK_PARTS)[number][];
  /** Puts a new leaf into the running edge. Resolves with both serial numbers. */
  readonly rotateLeaf: () => Promise<{ before: string; after: string }>;
  readonly report: (line: string) => void;
}

/** Why a part is not broken, as a sentence; `code` is for programs. */
export class StrikeRefused extends Error {
  readonly code: 'unknown_part' | 'unknown_replica' | 'under_way' | 'not_running';

  constructor(code: StrikeRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const KEPT = 20;

/** Breaks parts of a running cluster on purpose, and records how long each took to recover. */
export class Strikes {
  readonly parts: readonly BreakPart[];
  readonly #options: StrikesOptions;
  #latest: readonly Strike[] = [];
  #count = 0;

  constructor(options: StrikesOptions) {
    this.#options = options;
    this.parts = options.parts;
  }

  /** Oldest first. */
  get latest(): readonly Strike[] {
    return this.#latest;
  }

  /**
   * Strikes at once; the outcome is in `latest`.
   * @throws StrikeRefused when there is no such part, or it does not run at the moment
   */
  strike(part: BreakPart, appId: string | undefined, who: string): Strike {
    if (!this.parts.includes(part)) throw new StrikeRefused('unknown_part', `Here nothing breaks ${part}.`);
    const name = this.#nameOf(part, appId);
    const isSame = (one: Strike) => one.part === part && one.appId === (part === 'replica' ? appId : undefined);
    if (this.#latest.some((one) => isSame(one) && one.state === 'under way'))
      throw new StrikeRefused('under_way', `${nameText(part, appId)} is not back from the last time yet: wait for it.`);
    const { cluster, report } = this.#options;
    const begun = performance.now();
    if (name !== undefined && !cluster.crash(name))
      throw new StrikeRefused('not_running', `${nameText(part, appId)} does not run at the moment: wait for it.`);
    report(`break it: ${part === 'certificate' ? 'rotating' : 'killed'} ${nameText(part, appId)}, asked by ${who}`);
    const strike: Strike = {
      id: ++this.#count,
      part,
      ...(part === 'replica' ? { appId: appId! } : {}),
      at: Date.now(),
      state: 'under way',
    };
    this.#latest = [...this.#latest, strike].slice(-KEPT);
    const aftermath = name === undefined ? this.#rotate() : cluster.recovered(name).then(() => ({}));
    aftermath.then(
      (found) =>
        this.#settle(strike.id, { state: 'over', backAfterMs: Math.round(performance.now() - begun), ...found }),
      (error: Error) => this.#settle(strike.id, { state: 'failed', problem: error.message }),
    );
    return strike;
  }

  /** The name of the process to kill; undefined for a certificate. */
  #nameOf(part: BreakPart, appId: string | undefined): string | undefined {
    if (part === 'certificate') return undefined;
    if (part !== 'replica') return part === 'edge' ? 'haproxy' : part;
    const { replicas } = this.#options.cluster.plan;
    const name = replicas.find((replica) => replica.appId === appId)?.name;
    if (name !== undefined) return name;
    const known = replicas.map((replica) => replica.appId).join(', ');
    throw new StrikeRefused(
      'unknown_replica',
      `There is no replica ${JSON.stringify(appId ?? '')}: name one of ${known}.`,
    );
  }

  async #rotate(): Promise<Partial<Strike>> {
    return { serials: await this.#options.rotateLeaf() };
  }

  #settle(id: number, outcome: Partial<Strike>): void {
    this.#latest = this.#latest.map((strike) => (strike.id === id ? { ...strike, ...outcome } : strike));
  }
}

const NAMES = { redis: 'Redis', edge: 'the edge', certificate: 'the certificate' } as const;
const nameText = (part: BreakPart, appId: string | undefined): string =>
  part === 'replica' ? `replica ${appId}` : NAMES[part];
