import { randomBytes } from 'node:crypto';
import { Cluster } from 'ioredis';
import { type AnyRoomType, RETENTION } from '../protocol/index.ts';
import { type GameAuthority, Refusal } from './authority/game-authority.ts';
import type { Fault } from './authority/plan.ts';
import { RoomLog, roomKeys } from './authority/room-log.ts';
import { StatefulAuthority } from './authority/stateful/stateful-authority.ts';
import { StatelessAuthority } from './authority/stateless/stateless-authority.ts';
import { GameClock, type StoreClock } from './cluster/clock.ts';
import { GameRoutes } from './cluster/game-routes.ts';
import { Membership } from './cluster/membership.ts';
import { Presence } from './cluster/presence.ts';
import { Readiness } from './cluster/readiness.ts';
import { Rebalance } from './cluster/rebalance.ts';
import { Shedding } from './cluster/shedding.ts';
import type { Config } from './config.ts';
import { EndedRooms } from './game/ended-rooms.ts';
import { GameQuota } from './game/game-quota.ts';
import { Matchmaking } from './game/matchmaking.ts';
import { Ranking } from './game/ranking.ts';
import { SeatHold } from './game/seat-hold.ts';
import { Channels } from './history/channels.ts';
import { FeedSet } from './history/feed.ts';
import type { LogEntry } from './history/history.ts';
import { HistoryStore } from './history/history-store.ts';
import { Signals } from './history/signals.ts';
import type { Logger } from './ops/log.ts';
import type { Metrics } from './ops/metrics.ts';
import { Ops } from './ops/ops.ts';
import { Bus } from './redis/bus.ts';
import { connectNode, connectStore, failuresOf, type StoreConnection } from './redis/connect.ts';
import { Allowances } from './session/allowances.ts';
import type { Connection } from './session/connection.ts';
import { ConnectionFactory } from './session/connection-factory.ts';
import { ConnectionSet } from './session/connection-set.ts';
import { Fencing } from './session/fencing.ts';
import { Admission } from './session/handshake.ts';
import { Issuer } from './session/issuer.ts';
import { fixedKeys, KeysUnavailable, RemoteKeys } from './session/issuer-keys.ts';
import type { KeyFile } from './session/issuer-settings.ts';
import { LookupGuard } from './session/lookup-guard.ts';
import { Sessions } from './session/sessions.ts';
import { SharedRates } from './session/shared-rates.ts';
import type { Traces } from './traces/traces.ts';

/** The part of `maxmemory` that may be in use when a new player comes. */
const MOST_FOR_PLAYERS = 0.85;

/** The parameters of a replica. */
export interface Start {
  readonly config: Config;
  /** The rules of the rooms. */
  readonly type: AnyRoomType;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: StoreClock;
  /** Undefined if traces are off. */
  readonly traces: Traces | undefined;
  /** Called with a sentence if Redis can never be used, such as for its version. */
  readonly onUnusable: (sentence: string) => void;
  /** Drains this replica and ends its process; undefined if the replica is part of another process. */
  readonly onDrain?: (() => void) | undefined;
}

/** The connections to Redis, and its state. Each group of parts is built from the groups before it. */
export function assembleStore({ config, metrics, log, clock, onUnusable }: Start) {
  const { appId } = config;
  const redis = connectStore(config.redis, `gridlock-${appId}`);
  const ops = new Ops({ config, metrics, redis, now: () => clock.now() });
  const onWarning = (connection: StoreConnection, reason: string) => ops.redisFailed(connection, reason);
  const failures = (connection: StoreConnection) => failuresOf(connection, { log, metrics, onWarning });
  redis.on('error', failures('commands'));
  const bus = new Bus({
    connect: (node) => connectNode(config.redis, `gridlock-${appId}-bus`, {}, node),
    onError: failures('bus'),
    cluster: redis instanceof Cluster ? redis : undefined,
  });
  const readiness = new Readiness({
    redis,
    bus,
    clock,
    replica: appId,
    onChange: (ready, reason) => {
      log.info({ ready, reason }, ready ? 'ready' : 'not ready');
      ops.readinessChanged(ready, reason);
    },
    onDeaf: (channel) => {
      log.warn('no probe comes back through Redis: its connections are replaced');
      bus.rebuild(channel);
      if (redis.status === 'ready') redis.disconnect(true);
    },
  });
  const histories = new HistoryStore({
    redis,
    topology: config.redis.topology.kind,
    replica: appId,
    onNotice: (sentence) => log.warn(sentence),
    onInspected: (servers) => metrics.redis.take(servers),
    onUnusable: (sentence) => {
      readiness.unusable(sentence);
      log.error(sentence);
      onUnusable(sentence);
    },
  });
  return { metrics, redis, ops, bus, readiness, histories, readFailed: failures('reads') };
}

export type StoreParts = ReturnType<typeof assembleStore>;

/** The players' sockets, here and on the other replicas, and the parts that move sockets. */
export function assembleCluster({ config }: Start, store: StoreParts) {
  const { metrics, redis, ops, bus, readiness, histories, readFailed } = store;
  const sockets = new ConnectionSet();
  const routes = new GameRoutes<Connection>();
  const shedding = new Shedding<Connection>({
    onShed: (why) => metrics.shed.inc({ why }),
    onBegin: (count, why) => ops.shedding(count, why),
  });
  const feeds = new FeedSet(bus, {
    delivered: (type, followers) => metrics.delivered.count(type, followers),
    gap: (type, filled) => metrics.gapsFilled.inc({ type }, filled),
    read: (type) => metrics.feedReads.inc({ type }),
    failed: (_channel, error) => readFailed(error),
    left: ({ head, epoch, seq }) => histories.sightings.note(head, epoch, seq),
  });
  histories.sightings.include(() => feeds.sightings());
  const membership = new Membership({
    redis,
    bus,
    replica: config.appId,
    stats: () => ops.stats,
    standing: () => ({
      sockets: sockets.size,
      games: feeds.size,
      ready: readiness.reason === undefined,
      draining: readiness.isDraining,
    }),
  });
  const rebalance = new Rebalance<Connection>({
    membership,
    sockets,
    routes,
    shedding,
    design: config.design,
    percentPerSecond: config.rebalancePercent,
  });
  membership.onTick(() => rebalance.tick());
  ops.watch(membership, readiness);
  return { sockets, routes, shedding, feeds, membership };
}

export type ClusterParts = ReturnType<typeof assembleCluster>;

/** The games and channels: the authority, the histories and the followers. */
export function assembleGames(start: Start, store: StoreParts, cluster: ClusterParts) {
  const { config, log, clock, type } = start;
  const { redis, bus, histories, metrics, readFailed } = store;
  const { appId, heartbeatMs } = config;
  const now = () => clock.now();
  const { games: most, perAddress } = config.limits;
  const fullness = () => histories.fullness;
  const gameQuota = new GameQuota({
    redis,
    most,
    mostOfAddress: perAddress.games,
    now,
    fullness,
  });
  const authority = buildAuthority(start, store, cluster, gameQuota);
  const ranking = new Ranking({ redis, now, rememberSeconds: 2 * (type.retention?.over ?? RETENTION.over) });
  const appFailed = (about: object, error: unknown) => {
    metrics.appFaults.inc();
    log.error({ app: type.name, ...about, err: error }, 'the application failed');
  };
  const endedRooms = new EndedRooms({
    ...{ redis, type, ranking, gameQuota, now, log },
    view: (room) => authority.view(room),
    onFault: (room, error) => appFailed({ room }, error),
  });
  const gameClock = new GameClock(
    now,
    async (game) => {
      const left = await authority.finish(game);
      // Perhaps nobody follows the game any more and would see its end, or it goes on without a deadline.
      if (left <= 0 && type.isOver((await authority.view(game)).state)) endedRooms.note(game);
      return left;
    },
    log,
  );
  return {
    authority,
    ranking,
    endedRooms,
    gameClock,
    channels: new Channels({
      type,
      histories,
      replica: appId,
      onFault: (channel, error) => appFailed({ channel }, error),
    }),
    signals: new Signals({ redis, bus, now }),
    presence: new Presence({ redis, bus, heartbeatMs, replica: appId, now, onError: readFailed }),
    // As long as the peer of a dead connection needs to notice.
    seatHold: new SeatHold({ authority, log, holdMs: 2 * heartbeatMs }),
  };
}

export type GameParts = ReturnType<typeof assembleGames>;

function buildAuthority(
  { config, type, log, clock, traces }: Start,
  { redis, bus, histories, metrics, ops }: StoreParts,
  { routes, shedding, feeds }: ClusterParts,
  gameQuota: GameQuota,
): GameAuthority {
  const now = () => clock.now();
  const records = new RoomLog(histories, type, now, config.limits.perRoom);
  const matchmaking = new Matchmaking(redis, config.tokenSecret, type.matching);
  const common = {
    records,
    matchmaking,
    gameQuota,
    now,
    onAppended: (room: string, epoch: string, entries: readonly LogEntry[]) =>
      feeds.announce(roomKeys(room).events, epoch, entries),
    isListening: (room: string) => bus.isListening(roomKeys(room).events),
    onUncertain: (room: string) => feeds.catchUp(roomKeys(room).events),
  };
  const fault = (room: string, { command, reason }: Fault) => {
    metrics.appFaults.inc();
    log.error({ app: type.name, room, command, reason }, 'the application failed');
  };
  const batch = (commands: number) => metrics.batches.observe(commands);
  if (config.design === 'stateless') {
    const conflict = () => metrics.conflicts.inc();
    return new StatelessAuthority({ ...common, report: { batch, conflict, fault } });
  }
  return new StatefulAuthority({
    ...common,
    redis,
    bus,
    traces,
    // A restarted replica does not know which games its predecessor held.
    owner: `${config.appId}.${randomBytes(6).toString('base64url')}`,
    routedAt: (game) => routes.newest(game),
    // Otherwise all their moves would have to be passed on.
    onYielded: (game) => shedding.shed(routes.of(game), 'moved'),
    report: {
      decided: (kind, by) => metrics.decided.inc({ kind, by }),
      taken: (from) => {
        metrics.taken.inc({ from });
        ops.gameTaken(from);
      },
      batch,
      fault,
    },
  });
}

function buildSessions({ config, clock, log }: Start): Sessions {
  const { issuer: settings, guests, limits, tokenSecret } = config;
  const now = () => clock.now();
  const onFailure = (sentence: string) => log.warn(sentence);
  const keysOf = (keys: URL | KeyFile) =>
    keys instanceof URL ? new RemoteKeys({ url: keys, onFailure }) : fixedKeys(keys);
  const issuer = settings && new Issuer(settings, keysOf(settings.keys), now);
  return new Sessions(tokenSecret, { seconds: limits.sessionSeconds, now, issuer, guests });
}

/** The players: their sessions, limits and connections. */
export function assembleSessions(start: Start, store: StoreParts, cluster: ClusterParts, games: GameParts) {
  const { config, log, clock, traces } = start;
  const { metrics, redis, readiness, histories } = store;
  const { sockets, routes, feeds, membership } = cluster;
  const { limits } = config;
  const sessions = buildSessions(start);
  const allowances = new Allowances(limits);
  const elsewhere = () => membership.others.reduce((sum, { sockets: open }) => sum + open, 0);
  const supersede = (connection: Connection, by: 'announcement' | 'move') => {
    metrics.fences.inc({ by });
    connection.close('superseded');
  };
  const fencing = new Fencing({
    redis,
    sockets,
    replica: config.appId,
    socketsPerMinute: limits.perPlayer.socketsPerMinute,
    keepSeconds: 2 * limits.sessionSeconds,
    isFull: () => histories.fullness > MOST_FOR_PLAYERS,
    supersede: (connection) => supersede(connection, 'announcement'),
    revoke: (connection) => connection.close('unauthorized'),
    disconnect: (connection) => connection.close('disconnected'),
  });
  const rates = new SharedRates(redis, limits);
  const lookups = new LookupGuard({ missesPerMinute: limits.perAddress.missesPerMinute, rates });
  const connections = new ConnectionFactory({
    config,
    services: {
      ...games,
      feeds,
      clock,
      metrics,
      traces,
      rates,
      lookups,
      refresh: async (player, token) => {
        const session = await sessions.readToRefresh(token).catch((error: unknown) => {
          throw error instanceof KeysUnavailable ? new Refusal('unavailable') : error;
        });
        const isOwn = session?.player.id === player;
        if (!isOwn || !(await fencing.renew(player, session.issuedAt))) throw new Refusal('unauthorized');
        return session.expiresAt;
      },
      onSuperseded: (connection) => supersede(connection, 'move'),
    },
    sockets,
    routes,
    allowances,
    fencing,
    log,
    isDraining: () => readiness.isDraining,
  });
  return { sessions, allowances, lookups, admission: new Admission(limits, elsewhere), fencing, connections };
}

export type SessionParts = ReturnType<typeof assembleSessions>;
