import type { GameRoutes } from './game-routes.ts';
import type { Member, Membership } from './membership.ts';
import type { Sheddable, Shedding } from './shedding.ts';

/** How long the same replicas must have been ready, so that the edge knows them and their figures are correct. */
const SETTLE_MS = 3000;
/** The excess over the mean at which a replica begins to shed: a part of the mean, and a number of sockets. */
const MARGIN = 0.05;
const MARGIN_SOCKETS = 5;
/** The most growth of the cluster in a second. With more, the figures of the others are too old to compare. */
const GROWTH = 0.01;

export interface RebalanceOptions<Connection extends Sheddable> {
  readonly design: 'stateless' | 'stateful';
  readonly membership: Pick<Membership, 'members' | 'own'>;
  readonly sockets: { all(): Connection[] };
  readonly routes: Pick<GameRoutes<Connection>, 'games' | 'of' | 'isRouted'>;
  readonly shedding: Pick<Shedding<Connection>, 'choose' | 'shed' | 'pending'>;
  /** The largest part of its sockets that a replica sends away in a second, in percent; 0 for never. */
  readonly percentPerSecond: number;
  readonly random?: () => number;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
}

/**
 * Gives a new replica its share of the sockets, gradually. Stateless: a replica with more sockets than the mean sheds
 * the surplus. Stateful: a replica cannot know where the edge sends a game, so it sends one socket of each game away to
 * find out. The socket comes back, or the game moves with it and the others follow.
 */
export class Rebalance<Connection extends Sheddable> {
  readonly #options: RebalanceOptions<Connection>;
  readonly #now: () => number;
  #ready: ReadonlySet<string> = new Set();
  #readySince = 0;
  /** The replicas that came since the places were last checked; undefined before the first check. */
  #newcomers: Set<string> | undefined;
  /** Games that the edge may no longer send here. */
  #unsure: string[] = [];
  #leaving: Connection[] = [];
  /** Whether this replica sheds, which it does until it has no more than the mean. */
  #isShedding = false;
  #total = 0;

  constructor(options: RebalanceOptions<Connection>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** To be called once a second. */
  tick(): void {
    const { design, membership, percentPerSecond, sockets } = this.#options;
    const ready = membership.members.filter((member) => member.ready && !member.draining);
    const all = sockets.all();
    const others = ready.filter(({ replica }) => replica !== membership.own.replica);
    const total = others.reduce((sum, member) => sum + member.sockets, all.length);
    const isGrowing = total > this.#total * (1 + GROWTH) + MARGIN_SOCKETS;
    this.#total = total;
    if (!this.#isSettled(ready) || percentPerSecond === 0 || others.length === ready.length) return;
    const most = Math.ceil((all.length * percentPerSecond) / 100);
    // While sockets come in, the edge already balances them.
    if (design === 'stateful') this.#probe(ready, all, most);
    else if (!isGrowing) this.#level(total / ready.length, all, most);
  }

  #isSettled(ready: readonly Member[]): boolean {
    const names = new Set(ready.map(nameOf));
    const came = [...names].filter((name) => !this.#ready.has(name));
    if (came.length > 0 || names.size !== this.#ready.size) this.#readySince = this.#now();
    for (const name of came) this.#newcomers?.add(name);
    this.#ready = names;
    return this.#now() - this.#readySince >= SETTLE_MS;
  }

  #level(mean: number, all: Connection[], most: number): void {
    const { shedding } = this.#options;
    const above = all.length - shedding.pending - mean;
    const margin = this.#isShedding ? 0 : Math.max(mean * MARGIN, MARGIN_SOCKETS);
    this.#isShedding = above > margin;
    if (!this.#isShedding) return;
    shedding.shed(shedding.choose(all, Math.min(most, Math.floor(above))), 'mean');
  }

  #probe(ready: readonly Member[], all: Connection[], most: number): void {
    const { routes, shedding, random = Math.random } = this.#options;
    const newcomers = [...(this.#newcomers ?? [])].filter((name) => this.#ready.has(name)).length;
    this.#newcomers = new Set();
    if (newcomers > 0) {
      this.#unsure = routes.games;
      // Sockets without a game are placed in turn, so a part of those here belongs to the new replicas.
      const free = all.filter((connection) => !routes.isRouted(connection));
      this.#leaving = free.filter(() => random() < newcomers / ready.length);
    }
    shedding.shed(shedding.choose(this.#leaving.splice(0, most), most), 'mean');
    const probes = this.#unsure.splice(0, most).flatMap((game) => shedding.choose(routes.of(game), 1));
    shedding.shed(probes, 'probe');
  }
}

const nameOf = ({ replica, startedAt }: Member): string => `${replica}@${startedAt}`;
