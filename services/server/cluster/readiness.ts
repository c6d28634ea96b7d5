import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import type { Bus } from '../redis/bus.ts';
import type { Store } from '../redis/connect.ts';
import type { StoreClock } from './clock.ts';

const PROBE_MS = 1000;
/** The ticks without a returned probe after which the replica still counts as ready. */
const MISSES = 2;
/** The ticks without a returned probe after which a subscription that looks alive is replaced. */
const MISSES_TO_REBUILD = 4;

export interface ReadinessOptions {
  readonly redis: Store;
  readonly bus: Pick<Bus, 'probes' | 'listen' | 'unlisten'>;
  readonly clock: StoreClock;
  readonly replica: string;
  readonly onChange: (ready: boolean, reason: string | undefined) => void;
  /** Messages published on this channel do not arrive, although the connection is open. */
  readonly onDeaf: (channel: string) => void;
  readonly probeMs?: number;
}

/** The probes that go through one primary of Redis and back. */
interface Probe {
  /** The probes in flight, oldest first. A slow probe counts until the next few are lost as well. */
  underWay: string[];
  misses: number;
  delivered: boolean;
}

/**
 * Ready means delivered: a probe published through each primary of Redis has come back to this replica. A
 * connection that stands but delivers nothing does not count.
 */
export class Readiness {
  readonly #options: ReadinessOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #probes = new Map<string, Probe>();
  #unusable: string | undefined;
  #listening = false;
  #draining = false;
  #wasReady = false;

  constructor(options: ReadinessOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#tick(), options.probeMs ?? PROBE_MS);
    this.#arrange();
  }

  /** Why the replica accepts no new clients; undefined if it does. */
  get reason(): string | undefined {
    if (this.#draining) return 'draining';
    if (this.#unusable !== undefined) return this.#unusable;
    if (!this.#listening) return 'not listening yet';
    const probes = [...this.#probes.values()];
    const isDelivered = probes.length > 0 && probes.every(({ delivered }) => delivered);
    return isDelivered ? undefined : 'no probe published through Redis has come back';
  }

  get isDraining(): boolean {
    return this.#draining;
  }

  listening(): void {
    this.#listening = true;
    this.#changed();
  }

  drain(): void {
    this.#draining = true;
    this.#changed();
  }

  /** This Redis cannot be used, even if it delivers. */
  unusable(sentence: string): void {
    this.#unusable = sentence;
    this.#changed();
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const channel of this.#probes.keys()) this.#options.bus.unlisten(channel);
  }

  /** Learns the time and sends probes now, through the primaries where their channels are subscribed to. */
  probe(): void {
    const { redis, clock } = this.#options;
    this.#arrange();
    const sentAt = Date.now();
    const time = timekeeper(redis)?.time();
    time
      ?.then(([seconds, micros]) => {
        clock.observe(Number(seconds) * 1000 + Number(micros) / 1000, sentAt, Date.now());
        for (const [channel, probe] of this.#probes) this.#send(channel, probe);
        // A probe that was not sent does not come back, and the missing answer is what counts.
      })
      .catch(() => undefined);
  }

  #send(channel: string, probe: Probe): void {
    const nonce = randomBytes(6).toString('base64url');
    probe.underWay = [...probe.underWay, nonce].slice(-MISSES);
    this.#options.redis.spublish(channel, nonce).catch(() => undefined);
  }

  /** A probe for each present primary. */
  #arrange(): void {
    const { bus, replica } = this.#options;
    const channels = new Set(bus.probes((tag) => `gridlock:{${tag}}:probe:${replica}`));
    // Nobody knows the primaries for now: the known ones stay.
    if (channels.size === 0) return;
    for (const channel of this.#probes.keys()) {
      if (channels.delete(channel)) continue;
      this.#probes.delete(channel);
      bus.unlisten(channel);
    }
    for (const channel of channels) {
      const probe: Probe = { underWay: [], misses: 0, delivered: false };
      this.#probes.set(channel, probe);
      bus.listen(channel, {
        message: (nonce) => this.#arrived(probe, nonce),
        confirmed: () => this.#send(channel, probe),
      });
    }
  }

  #arrived(probe: Probe, nonce: string): void {
    const place = probe.underWay.indexOf(nonce);
    if (place === -1) return;
    probe.underWay.splice(0, place + 1);
    probe.misses = 0;
    probe.delivered = true;
    this.#changed();
  }

  #tick(): void {
    for (const [channel, probe] of this.#probes) {
      probe.misses += 1;
      if (probe.misses > MISSES) {
        probe.delivered = false;
        this.#changed();
      }
      if (probe.misses % MISSES_TO_REBUILD === 0) this.#options.onDeaf(channel);
    }
    this.probe();
  }

  #changed(): void {
    const { reason } = this;
    const ready = reason === undefined;
    if (ready === this.#wasReady) return;
    this.#wasReady = ready;
    this.#options.onChange(ready, reason);
  }
}

/** In a cluster always the same primary, so that the time does not jump between the clocks of primaries. */
function timekeeper(redis: Store): Redis | undefined {
  if (redis instanceof Redis) return redis;
  const byName = (node: Redis) => `${node.options.host}:${node.options.port}`;
  return redis.nodes('master').sort((left, right) => byName(left).localeCompare(byName(right)))[0];
}
