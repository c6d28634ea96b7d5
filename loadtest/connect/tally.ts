import { Histogram } from '../k6/histogram.ts';

/** Times that are measured, in milliseconds. */
export const TIMES = ['handshake', 'reconnect', 'echo'] as const;
export type Time = (typeof TIMES)[number];

/** The counts and times of all sockets of a run. */
export class Tally {
  readonly times: Readonly<Record<Time, Histogram>> = {
    handshake: new Histogram(),
    reconnect: new Histogram(),
    echo: new Histogram(),
  };
  /** Handshakes that succeeded, those after a drop among them. */
  opened = 0;
  /** Sockets open now, and the most so far. */
  open = 0;
  mostOpen = 0;
  sent = 0;
  answered = 0;
  /** Pings that went unanswered because their socket was dropped. */
  cutShort = 0;
  /** Handshakes that failed, by reason. */
  readonly failures = new Map<string, number>();
  /** Sockets that the other side, or the network, ended: by close code. */
  readonly drops = new Map<number, number>();

  opening(ms: number): void {
    this.opened += 1;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    this.times.handshake.add(ms);
  }

  failed(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }

  dropped(code: number, unanswered: number): void {
    this.open -= 1;
    this.cutShort += unanswered;
    this.drops.set(code, (this.drops.get(code) ?? 0) + 1);
  }

  echoed(ms: number): void {
    this.answered += 1;
    this.times.echo.add(ms);
  }

  get failureCount(): number {
    return [...this.failures.values()].reduce((sum, count) => sum + count, 0);
  }

  get dropCount(): number {
    return [...this.drops.values()].reduce((sum, count) => sum + count, 0);
  }
}
