import { Histogram } from '../k6/histogram.ts';
import { CURVES, type Curve, TICK, type Tick } from '../k6/plan.ts';

/** One second of all virtual users together. */
interface Second {
  readonly curves: Record<Curve, Histogram>;
  readonly counts: Record<string, number>;
  readonly closes: Record<string, number>;
}

/** The messages of the misbehaving client, and the ends of its sockets. */
export interface AbuseReport {
  readonly sent: number;
  readonly closes: Readonly<Record<string, number>>;
}

type Line = Tick | { readonly abuse: AbuseReport };

const fresh = (): Second => ({
  curves: Object.fromEntries(CURVES.map((curve) => [curve, new Histogram()])) as Record<Curve, Histogram>,
  counts: {},
  closes: {},
});

function addAll(into: Record<string, number>, from: Readonly<Record<string, number>>): void {
  for (const [key, count] of Object.entries(from)) into[key] = (into[key] ?? 0) + count;
}

/** The reports of the virtual users, second by second. */
export class Timeline {
  readonly #seconds: Second[] = [];
  /** The last report of each virtual user, by second. */
  readonly #held = new Map<number, Map<number, { open: number; replicas: Readonly<Record<string, number>> }>>();
  readonly #now = new Map<number, number>();
  abuse: AbuseReport | undefined;
  /** When the first second began, by this clock; undefined before the first report. */
  beganAt: number | undefined;

  /** Takes a line of k6's output. False when it is not one of our reports. */
  take(text: string): boolean {
    const at = text.indexOf(TICK);
    if (at < 0) return false;
    const line = JSON.parse(text.slice(at + TICK.length)) as Line;
    if ('abuse' in line) this.abuse = line.abuse;
    else this.#add(line);
    return true;
  }

  #add({ vu, second, open, replicas, counts, closes, curves }: Tick): void {
    // Reported at the end of the second.
    this.beganAt ??= Date.now() - (second + 1) * 1000;
    while (this.#seconds.length <= second) this.#seconds.push(fresh());
    const here = this.#seconds[second]!;
    addAll(here.counts, counts);
    addAll(here.closes, closes);
    for (const curve of CURVES) if (curves[curve]) here.curves[curve].addAll(curves[curve]);
    const own = this.#held.get(vu) ?? new Map<number, { open: number; replicas: Readonly<Record<string, number>> }>();
    this.#held.set(vu, own.set(second, { open, replicas }));
    this.#now.set(vu, open);
  }

  /** The number of whole seconds. */
  get length(): number {
    return this.#seconds.length;
  }

  /** Open sockets, from the last reports. */
  get openNow(): number {
    let open = 0;
    for (const own of this.#now.values()) open += own;
    return open;
  }

  count(name: string, from = 0, to = Infinity): number {
    return this.#seconds.slice(from, to).reduce((sum, { counts }) => sum + (counts[name] ?? 0), 0);
  }

  get closes(): Record<string, number> {
    const all: Record<string, number> = {};
    for (const { closes } of this.#seconds) addAll(all, closes);
    return all;
  }

  curve(curve: Curve, from = 0, to = Infinity): Histogram {
    const merged = new Histogram();
    for (const second of this.#seconds.slice(from, to)) merged.merge(second.curves[curve]);
    return merged;
  }

  perSecond<T>(read: (second: Second) => T): T[] {
    return this.#seconds.map(read);
  }

  /** Sockets open, and by replica, at the end of every second. */
  held(): { open: number; replicas: Record<string, number> }[] {
    const last = new Map<number, { open: number; replicas: Readonly<Record<string, number>> }>();
    return this.#seconds.map((_, second) => {
      const replicas: Record<string, number> = {};
      let open = 0;
      for (const [vu, own] of this.#held) {
        const told = own.get(second);
        if (told) last.set(vu, told);
        const current = last.get(vu);
        if (!current) continue;
        open += current.open;
        addAll(replicas, current.replicas);
      }
      return { open, replicas };
    });
  }
}
