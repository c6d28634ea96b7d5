import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { Cluster } from 'ioredis';
import type { GameAuthority } from './authority.ts';
import { Bus } from './bus.ts';
import { Chat } from './chat.ts';
import { GameClock, StoreClock } from './clock.ts';
import type { Config } from './config.ts';
import { Connection } from './connection.ts';
import { drainSockets } from './drain.ts';
import { FeedSet } from './feeds.ts';
import { Fencing, REPLICA_CHANNEL } from './fencing.ts';
import { createHttp } from './http.ts';
import { createInternal } from './internal.ts';
import type { Logger } from './log.ts';
import { Metrics } from './metrics.ts';
import { Presence } from './presence.ts';
import { Readiness } from './readiness.ts';
import { Matchmaking } from './matchmaking.ts';
import { Records } from './records/records.ts';
import { connectNode, connectStore } from './redis/connect.ts';
import { Ledger } from './redis/ledger.ts';
import { Requests } from './requests.ts';
import { SeatHold } from './seat-hold.ts';
import { Sessions } from './session.ts';
import { Sockets } from './sockets.ts';
import { StatefulAuthority } from './stateful/stateful-authority.ts';
import { StatelessAuthority } from './stateless/stateless-authority.ts';
import { Upgrade, type Accepted } from './upgrade.ts';

export interface Replica {
  /** Base of the public side, with the port it got when 0 was asked for. */
  readonly url: string;
  readonly internalUrl: string;
  readonly readiness: Readiness;
  readonly sockets: Sockets;
  /** Sends the clients away and stops; resolves when all is closed. */
  drain(): Promise<void>;
}

/** How often Redis is asked how it persists: it can be told otherwise while it runs. */
const INSPECT_MS = 3000;

/**
 * Starts a replica. Resolves when it listens, which is before it is ready. `onUnusable` is given the sentence when the
 * Redis it finds will never do.
 */
export async function startReplica(
  config: Config, log: Logger, onUnusable: (sentence: string) => void = () => {},
): Promise<Replica> {
  const { appId, heartbeatMs } = config;
  const metrics = new Metrics(appId);
  const clock = new StoreClock();
  const sockets = new Sockets();
  const sessions = new Sessions(config.tokenSecret);

  const redisFailed = (connection: string) => throttledWarning(log, metrics, connection);
  const redis = connectStore(config.redis, `gridlock-${appId}`);
  redis.on('error', redisFailed('commands'));
  const bus = new Bus({
    connect: (node) => connectNode(config.redis, `gridlock-${appId}-bus`, {}, node),
    onError: redisFailed('bus'),
    cluster: redis instanceof Cluster ? redis : undefined,
  });
  const ledger = new Ledger({
    redis,
    topology: config.redis.topology.kind,
    onNotice: (sentence) => log.warn(sentence),
    onUnusable: (sentence) => {
      readiness.unusable(sentence);
      log.error(sentence);
      onUnusable(sentence);
    },
  });

  const records = new Records(ledger);
  const matchmaking = new Matchmaking(redis, config.tokenSecret);
  const authority: GameAuthority = config.design === 'stateless'
    ? new StatelessAuthority(records, matchmaking)
    : new StatefulAuthority({
      records, matchmaking, redis, bus,
      // A replica that starts again does not know what the one before it held.
      owner: `${appId}.${randomBytes(6).toString('base64url')}`,
      now: () => clock.now(),
      report: {
        decided: (kind, by) => metrics.decided.inc({ kind, by }),
        taken: (from) => metrics.taken.inc({ from }),
        batch: (commands) => metrics.batches.observe(commands),
      },
    });
  const chat = new Chat(ledger, appId);
  const readFailed = redisFailed('reads');
  const feeds = new FeedSet(bus, {
    delivered: (type, followers) => metrics.delivered.inc({ type }, followers),
    gap: (type, filled) => metrics.gapsFilled.inc({ type }, filled),
    read: (type) => metrics.feedReads.inc({ type }),
    failed: (_channel, error) => readFailed(error as Error),
  });
  const gameClock = new GameClock(() => clock.now(), (game) => authority.finish(game), log);
  const presence = new Presence({
    redis, bus, heartbeatMs,
    replica: appId,
    now: () => clock.now(),
    onError: (error) => readFailed(error as Error),
  });

  const supersede = (connection: Connection, by: 'announcement' | 'move') => {
    metrics.fences.inc({ by });
    connection.close('superseded');
  };
  const fencing = new Fencing(redis, appId, sockets, (connection) => supersede(connection, 'announcement'));

  const readiness: Readiness = new Readiness({
    redis,
    bus,
    clock,
    replica: appId,
    onChange: (ready, reason) => {
      log.info({ ready, reason }, ready ? 'ready' : 'not ready');
    },
    onDeaf: (channel) => {
      log.warn('nothing comes back through Redis: its connections are replaced');
      bus.rebuild(channel);
      if (redis.status === 'ready') redis.disconnect(true);
    },
  });
  bus.listen(`${REPLICA_CHANNEL}${appId}`, {
    message: (payload) => {
      if (payload.startsWith('supersede ')) fencing.take(payload.slice('supersede '.length));
    },
    confirmed: () => {
      fencing.recheck().catch(readFailed);
    },
  });
  // Whichever connection is up last: the first probe can go out then.
  redis.on('ready', () => {
    readiness.probe();
    ledger.inspect().catch(readFailed);
  });
  const inspection = setInterval(() => void ledger.inspect().catch(() => undefined), INSPECT_MS);

  metrics.watch('gridlock_sockets', 'Open sockets', () => sockets.size);
  metrics.watch('gridlock_feeds', 'Games and channels followed here', () => feeds.size);
  metrics.watch('gridlock_subscriptions', 'Channels of Redis subscribed to', () => bus.channels);
  metrics.watch('gridlock_ready', '1 while this replica is ready', () => Number(readiness.reason === undefined));
  metrics.watch('gridlock_draining', '1 while this replica drains', () => Number(readiness.isDraining));

  // As long as the peer of a dead connection has to notice it.
  const seatHold = new SeatHold({ authority, log, holdMs: 2 * heartbeatMs });
  const requests = new WeakMap<Connection, Requests>();
  const services = {
    authority, chat, presence, feeds, gameClock, seatHold, clock, metrics,
    onSuperseded: (connection: Connection) => supersede(connection, 'move'),
  };
  const accept = ({ socket, session, generation, origin, address: from }: Accepted) => {
    const connection = new Connection({
      socket, generation, heartbeatMs, metrics, log,
      player: session.player,
      expiresAt: session.expiresAt,
      replica: appId,
      now: () => clock.now(),
      onMessage: (own, message) => requests.get(own)?.handle(message),
      onClosed: (own) => {
        sockets.delete(own);
        requests.get(own)?.close();
      },
    });
    requests.set(connection, new Requests(connection, services));
    sockets.add(connection);
    connection.log.info({ origin, address: from }, 'connection opened');
    if (fencing.isOutdated(connection)) supersede(connection, 'announcement');
    else if (readiness.isDraining) connection.close('serviceRestart');
  };

  const { allowedOrigins, webRoot } = config;
  const http = await createHttp({ sessions, allowedOrigins, webRoot, log });
  const upgrade = new Upgrade({
    sessions, metrics, accept, allowedOrigins,
    parseCookie: (header) => http.parseCookie(header),
    isDraining: () => readiness.isDraining,
    fence: (player) => fencing.open(player),
  });
  http.server.on('upgrade', (request, socket, head) => void upgrade.handle(request, socket, head));
  const internal = createInternal(readiness, metrics);
  await listen(internal, config.internalPort, config.internalHost);
  await http.listen({ port: config.port, host: config.host });
  readiness.listening();

  return {
    url: urlOf(http.server),
    internalUrl: urlOf(internal),
    readiness,
    sockets,
    drain: async () => {
      readiness.drain();
      http.server.close();
      http.server.closeIdleConnections();
      const handedOver = authority.handOver();
      await drainSockets(sockets, config.drainMs);
      await handedOver;
      await presence.stop();
      seatHold.stop();
      authority.stop();
      feeds.stop();
      gameClock.stop();
      readiness.stop();
      clearInterval(inspection);
      bus.close();
      redis.disconnect();
      http.server.closeAllConnections();
      internal.close();
      internal.closeAllConnections();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}

const WARN_MS = 5000;

/** Counts every failure of a connection to Redis, and logs one in a while: they come in swarms. */
function throttledWarning(log: Logger, metrics: Metrics, connection: string): (error: Error) => void {
  let silentUntil = 0;
  return ({ message }) => {
    metrics.redisErrors.inc({ connection });
    if (performance.now() < silentUntil) return;
    silentUntil = performance.now() + WARN_MS;
    log.warn({ connection, reason: message }, 'Redis does not answer as it should');
  };
}
