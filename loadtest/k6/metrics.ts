import { Counter, Rate, Trend } from 'k6/metrics';
import { Histogram } from './histogram.ts';
import type { Curve, Tick } from './plan.ts';

const trends = {
  move: new Trend('move_round_trip_ms', true),
  lag: new Trend('delivery_lag_ms', true),
  resume: new Trend('resume_ms', true),
  handshake: new Trend('handshake_ms', true),
  delay: new Trend('generator_delay_ms', true),
  answer: new Trend('move_answer_ms', true),
};
const recovered = new Rate('recovered_rate');

/** Each of them exists in every run, with 0 where nothing happened. */
const counters = {
  gaps: new Counter('gaps'),
  duplicates: new Counter('duplicates'),
  late_events: new Counter('late_events'),
  lost_acked_moves: new Counter('lost_acked_moves'),
  acked_moves: new Counter('acked_moves'),
  refused_moves: new Counter('refused_moves'),
  failed_moves: new Counter('failed_moves'),
  deliveries: new Counter('deliveries'),
  unexpected_closes: new Counter('unexpected_closes'),
  announced_closes: new Counter('announced_closes'),
  failed_connects: new Counter('failed_connects'),
  failed_requests: new Counter('failed_requests'),
  cuts: new Counter('cuts'),
  said_lines: new Counter('said_lines'),
  chat_lines: new Counter('chat_lines'),
  chat_gaps: new Counter('chat_gaps'),
  games: new Counter('games'),
};
export type Count = keyof typeof counters;
const closes = new Counter('closes');

const MOST_COMPLAINTS = 5;

/** The measurements of a virtual user: for k6's own summary, and second by second for the curves. */
export class Measurements {
  readonly #curves: Record<Curve, Histogram> = {
    move: new Histogram(),
    lag: new Histogram(),
    resume: new Histogram(),
    handshake: new Histogram(),
    delay: new Histogram(),
    answer: new Histogram(),
  };
  readonly #complaints = new Set<string>();
  #counts: Record<string, number> = {};
  #closes: Record<string, number> = {};

  constructor() {
    for (const counter of Object.values(counters)) counter.add(0);
  }

  time(curve: Curve, ms: number): void {
    const spent = Math.max(0, ms);
    trends[curve].add(spent);
    this.#curves[curve].add(spent);
  }

  count(name: Count, by = 1): void {
    if (by === 0) return;
    counters[name].add(by);
    this.#counts[name] = (this.#counts[name] ?? 0) + by;
  }

  closed(code: number): void {
    closes.add(1, { code: String(code) });
    this.#closes[code] = (this.#closes[code] ?? 0) + 1;
  }

  recovered(whole: boolean): void {
    recovered.add(whole);
    this.#counts[whole ? 'recovered' : 'unrecovered'] = (this.#counts[whole ? 'recovered' : 'unrecovered'] ?? 0) + 1;
  }

  /** Says why a request failed, each reason once: a number alone does not show what to fix. */
  complain(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#complaints.has(reason) || this.#complaints.size >= MOST_COMPLAINTS) return;
    this.#complaints.add(reason);
    console.log(reason);
  }

  /** The measurements since the last call. */
  take(): Pick<Tick, 'counts' | 'closes' | 'curves'> {
    const curves: Partial<Record<Curve, Record<number, number>>> = {};
    for (const curve of Object.keys(this.#curves) as Curve[]) {
      if (this.#curves[curve].total > 0) curves[curve] = this.#curves[curve].take();
    }
    const taken = { counts: this.#counts, closes: this.#closes, curves };
    this.#counts = {};
    this.#closes = {};
    return taken;
  }
}
