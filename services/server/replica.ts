import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Cluster } from 'ioredis';
import { TRANSPORTS } from '../protocol/index.ts';
import { type GameAuthority, Refusal } from './authority/game-authority.ts';
import { Records } from './authority/records.ts';
import { StatefulAuthority } from './authority/stateful/stateful-authority.ts';
import { StatelessAuthority } from './authority/stateless/stateless-authority.ts';
import { GameClock, StoreClock } from './cluster/clock.ts';
import { Routes } from './cluster/game-routes.ts';
import { Roster } from './cluster/membership.ts';
import { Presence } from './cluster/presence.ts';
import { Readiness } from './cluster/readiness.ts';
import { Rebalance } from './cluster/rebalance.ts';
import { Shedding } from './cluster/shedding.ts';
import type { Config } from './config.ts';
import { Census } from './game/game-quota.ts';
import { Matchmaking } from './game/matchmaking.ts';
import { type HeldSeats, SeatHold } from './game/seat-hold.ts';
import { Chat } from './history/chat.ts';
import { FeedSet } from './history/feeds.ts';
import { Ledger } from './history/history-store.ts';
import { createInternal } from './ops/internal-server.ts';
import type { Logger } from './ops/log.ts';
import { Metrics } from './ops/metrics.ts';
import { Ops } from './ops/ops.ts';
import { Bus } from './redis/bus.ts';
import { connectNode, connectStore } from './redis/connect.ts';
import { failuresOf } from './redis/failures.ts';
import { Admission } from './session/admission.ts';
import { Allowances } from './session/allowances.ts';
import type { Connection } from './session/connection.ts';
import { Reception } from './session/connection-factory.ts';
import { Sockets } from './session/connection-set.ts';
import { drainSockets } from './session/drain.ts';
import { Fencing, REPLICA_CHANNEL } from './session/fencing.ts';
import { type Accepted, Entry } from './session/handshake.ts';
import type { Services } from './session/requests.ts';
import { Sessions } from './session/sessions.ts';
import { QUIET_MS, Transports } from './transport/http-transports.ts';
import { listenLocally } from './transport/listeners.ts';
import { createHttp } from './transport/public-http.ts';
import { Upgrade } from './transport/upgrade.ts';

export interface Replica {
  /** Base of the public side, with the port it got when 0 was asked for. */
  readonly url: string;
  readonly internalUrl: string;
  readonly readiness: Readiness;
  readonly sockets: Sockets;
  /** The replicas of the cluster. */
  readonly roster: Roster;
  /** Sends the clients away and stops; resolves when all is closed. */
  drain(): Promise<void>;
}

/** How often Redis is asked how it persists: it can be told otherwise while it runs. */
const INSPECT_MS = 3000;
/** What a message begins with that hands seats over to another replica. */
const SEATS = 'seats ';

/**
 * Starts a replica. Resolves when it listens, which is before it is ready. `onUnusable` is given the sentence when the
 * Redis it finds will never do.
 */
export async function startReplica(
  config: Config,
  log: Logger,
  onUnusable: (sentence: string) => void = () => {},
  clock = new StoreClock(),
): Promise<Replica> {
  const { appId, heartbeatMs } = config;
  const metrics = new Metrics(appId);
  const sockets = new Sockets();
  const { limits } = config;
  const sessions = new Sessions(config.tokenSecret, limits.sessionSeconds);
  const allowances = new Allowances(limits);
  const admission = new Admission(limits, () => roster.others.reduce((sum, { sockets: open }) => sum + open, 0));

  const failures = (connection: string) =>
    failuresOf(connection, {
      log,
      metrics,
      onWarning: (named, reason) => ops.redisFailed(named, reason),
    });
  const redis = connectStore(config.redis, `gridlock-${appId}`);
  redis.on('error', failures('commands'));
  const bus = new Bus({
    connect: (node) => connectNode(config.redis, `gridlock-${appId}-bus`, {}, node),
    onError: failures('bus'),
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

  const records = new Records(ledger, () => clock.now());
  const matchmaking = new Matchmaking(redis, config.tokenSecret);
  const census = new Census(redis, limits.games, () => clock.now());
  const routes = new Routes<Connection>();
  const authority: GameAuthority =
    config.design === 'stateless'
      ? new StatelessAuthority(records, matchmaking, census)
      : new StatefulAuthority({
          records,
          matchmaking,
          census,
          redis,
          bus,
          // A replica that starts again does not know what the one before it held.
          owner: `${appId}.${randomBytes(6).toString('base64url')}`,
          now: () => clock.now(),
          routedAt: (game) => routes.newest(game),
          // Whose moves would all be passed on from now on.
          onYielded: (game) => shedding.shed(routes.of(game), 'moved'),
          report: {
            decided: (kind, by) => metrics.decided.inc({ kind, by }),
            taken: (from) => {
              metrics.taken.inc({ from });
              ops.gameTaken(from);
            },
            batch: (commands) => metrics.batches.observe(commands),
          },
        });
  const chat = new Chat(ledger, appId);
  const readFailed = failures('reads');
  const feeds = new FeedSet(bus, {
    delivered: (type, followers) => metrics.delivered.count(type, followers),
    gap: (type, filled) => metrics.gapsFilled.inc({ type }, filled),
    read: (type) => metrics.feedReads.inc({ type }),
    failed: (_channel, error) => readFailed(error),
  });
  const gameClock = new GameClock(
    () => clock.now(),
    async (game) => {
      const left = await authority.finish(game);
      // Nobody may follow the game any more, who would hear that it is over.
      if (left <= 0) census.closed(game);
      return left;
    },
    log,
  );
  const presence = new Presence({
    redis,
    bus,
    heartbeatMs,
    replica: appId,
    now: () => clock.now(),
    onError: readFailed,
  });

  const supersede = (connection: Connection, by: 'announcement' | 'move') => {
    metrics.fences.inc({ by });
    connection.close('superseded');
  };
  const fencing = new Fencing({
    redis,
    sockets,
    replica: appId,
    keepSeconds: 2 * limits.sessionSeconds,
    supersede: (connection) => supersede(connection, 'announcement'),
    revoke: (connection) => connection.close('unauthorized'),
  });

  const ops = new Ops({
    config,
    metrics,
    redis,
    members: () => roster.members,
    readiness: {
      get reason() {
        return readiness.reason;
      },
    },
    now: () => clock.now(),
  });

  const readiness: Readiness = new Readiness({
    redis,
    bus,
    clock,
    replica: appId,
    onChange: (ready, reason) => {
      log.info({ ready, reason }, ready ? 'ready' : 'not ready');
      ops.readinessChanged(ready, reason);
    },
    onDeaf: (channel) => {
      log.warn('nothing comes back through Redis: its connections are replaced');
      bus.rebuild(channel);
      if (redis.status === 'ready') redis.disconnect(true);
    },
  });
  bus.listen(`${REPLICA_CHANNEL}${appId}`, {
    message: (payload) => {
      if (payload.startsWith(SEATS)) seatHold.take(JSON.parse(payload.slice(SEATS.length)) as HeldSeats);
      else fencing.take(payload);
    },
    confirmed: () => {
      fencing.recheck().catch(readFailed);
    },
  });
  const roster: Roster = new Roster({
    redis,
    bus,
    replica: appId,
    stats: () => ops.stats,
    standing: () => ({
      sockets: sockets.size,
      games: feeds.size,
      ready: readiness.reason === undefined,
      draining: readiness.isDraining,
    }),
    onTick: () => rebalance.tick(),
  });
  // Whichever connection is up last: the first probe can go out then.
  redis.on('ready', () => {
    readiness.probe();
    ledger.inspect().catch(readFailed);
    fencing.recheckIfDue().catch(readFailed);
  });
  const inspection = setInterval(() => {
    ledger.inspect().catch(() => undefined);
    // The subscription may have come back before the connection for commands did.
    fencing.recheckIfDue().catch(readFailed);
  }, INSPECT_MS);

  metrics.watch('gridlock_sockets', 'Open sockets, whatever the transport', () => sockets.size);
  metrics.watchEach('gridlock_transport_sockets', 'Open sockets', 'transport', TRANSPORTS, (name) =>
    sockets.count(name),
  );
  metrics.watch('gridlock_feeds', 'Games and channels followed here', () => feeds.size);
  metrics.watch('gridlock_subscriptions', 'Channels of Redis subscribed to', () => bus.channels);
  metrics.watch('gridlock_members', 'Replicas heard of lately, this one among them', () => roster.members.length);
  metrics.watch('gridlock_ready', '1 while this replica is ready', () => Number(readiness.reason === undefined));
  metrics.watch('gridlock_draining', '1 while this replica drains', () => Number(readiness.isDraining));

  // As long as the peer of a dead connection has to notice it.
  const seatHold = new SeatHold({ authority, log, holdMs: 2 * heartbeatMs });
  const shedding: Shedding<Connection> = new Shedding<Connection>({
    isBusy: (connection) => reception.isBusy(connection),
    onShed: (why) => metrics.shed.inc({ why }),
    onBegin: (count, why) => ops.shedding(count, why),
  });
  const rebalance: Rebalance<Connection> = new Rebalance<Connection>({
    roster,
    sockets,
    routes,
    shedding,
    design: config.design,
    percentPerSecond: config.rebalancePercent,
  });
  const services: Services = {
    authority,
    chat,
    presence,
    feeds,
    gameClock,
    census,
    seatHold,
    clock,
    metrics,
    refresh: async (player, token) => {
      const session = await sessions.readToRefresh(token);
      if (session?.player.id !== player || !(await fencing.renew(player))) throw new Refusal('unauthorized');
      return session.expiresAt;
    },
    onSuperseded: (connection) => supersede(connection, 'move'),
  };
  const reception = new Reception({
    config,
    services,
    sockets,
    routes,
    allowances,
    fencing,
    log,
    isDraining: () => readiness.isDraining,
  });
  const accept = (accepted: Accepted) => reception.accept(accepted);

  const { allowedOrigins, clientAddress, webRoot } = config;
  const http = await createHttp({ sessions, allowedOrigins, allowances, clientAddress, fencing, webRoot, log });
  const entry = new Entry({
    sessions,
    allowedOrigins,
    admission,
    allowances,
    clientAddress,
    parseCookie: (header) => http.parseCookie(header),
    isDraining: () => readiness.isDraining,
    fence: (player, attempt) => fencing.open(player, attempt),
  });
  const upgrade = new Upgrade({ entry, accept, metrics });
  const transports = new Transports(http, {
    entry,
    accept,
    metrics,
    redis,
    bus,
    replica: appId,
    heartbeatMs: Math.min(heartbeatMs, QUIET_MS),
  });
  http.server.on('upgrade', (request, socket, head) => void upgrade.handle(request, socket, head));
  const internal = createInternal(readiness, metrics, ops.server);
  await listen(internal, config.internalPort, config.internalHost);
  await http.listen({ port: config.port, host: config.host });
  const local = config.socketPath === undefined ? undefined : await listenLocally(http.server, config.socketPath);
  ops.listening(urlOf(internal));
  readiness.listening();

  return {
    url: urlOf(http.server),
    internalUrl: urlOf(internal),
    readiness,
    sockets,
    roster,
    drain: async () => {
      const noted = ops.draining(sockets.size);
      readiness.drain();
      roster.announce();
      http.server.close();
      local?.close();
      http.server.closeIdleConnections();
      const handedOver = authority.handOver();
      await drainSockets(sockets, config.drainMs);
      await handedOver;
      await noted;
      ops.stop();
      await presence.stop();
      transports.stop();
      // Nobody plays against who is gone because this replica goes as well.
      const heir = roster.others.find(({ ready, draining }) => ready && !draining);
      await Promise.all(
        (heir ? seatHold.handOver() : []).map((seats) =>
          redis.spublish(`${REPLICA_CHANNEL}${heir!.replica}`, `${SEATS}${JSON.stringify(seats)}`).catch(() => 0),
        ),
      );
      seatHold.stop();
      roster.stop();
      shedding.stop();
      allowances.stop();
      authority.stop();
      feeds.stop();
      gameClock.stop();
      readiness.stop();
      clearInterval(inspection);
      reception.stop();
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
