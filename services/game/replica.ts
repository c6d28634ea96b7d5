import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
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
import { connectRedis } from './redis.ts';
import { Requests } from './requests.ts';
import { SeatHold } from './seat-hold.ts';
import { Sessions } from './session.ts';
import { Sockets } from './sockets.ts';
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

/** Starts a replica. Resolves when it listens, which is before it is ready. */
export async function startReplica(config: Config, log: Logger): Promise<Replica> {
  const { appId, heartbeatMs } = config;
  const metrics = new Metrics(appId);
  const clock = new StoreClock();
  const sockets = new Sockets();
  const sessions = new Sessions(config.tokenSecret);

  const redisFailed = (connection: string) => throttledWarning(log, metrics, connection);
  const address = { url: config.redisUrl, password: config.redisPassword };
  const redis = connectRedis(address, `gridlock-${appId}`, { enableAutoPipelining: true });
  redis.on('error', redisFailed('commands'));
  const bus = new Bus(() => connectRedis(address, `gridlock-${appId}-bus`), redisFailed('bus'));

  const authority = new StatelessAuthority(redis, config.tokenSecret);
  const chat = new Chat(redis, appId);
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

  const channel = `${REPLICA_CHANNEL}${appId}`;
  const readiness = new Readiness({
    redis,
    clock,
    channel,
    onChange: (ready, reason) => {
      log.info({ ready, reason }, ready ? 'ready' : 'not ready');
    },
    onDeaf: () => {
      log.warn('nothing comes back through Redis: its connections are replaced');
      bus.rebuild();
      if (redis.status === 'ready') redis.disconnect(true);
    },
  });
  bus.listen(channel, {
    message: (payload) => {
      const space = payload.indexOf(' ');
      const rest = payload.slice(space + 1);
      if (payload.startsWith('probe ')) readiness.arrived(rest);
      else if (payload.startsWith('supersede ')) fencing.take(rest);
    },
    confirmed: () => {
      readiness.probe();
      fencing.recheck().catch(readFailed);
    },
  });
  // Whichever connection is up last: the first probe can go out then.
  redis.on('ready', () => readiness.probe());

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
      await drainSockets(sockets, config.drainMs);
      await presence.stop();
      seatHold.stop();
      feeds.stop();
      gameClock.stop();
      readiness.stop();
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
