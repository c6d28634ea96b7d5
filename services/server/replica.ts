import { type AnyRoomType, TRANSPORTS } from '../protocol/index.ts';
import { beginCounting } from './api/api-counters.ts';
import { ApiKeys } from './api/api-keys.ts';
import { addBackendApi } from './api/backend-api.ts';
import { BackendRooms } from './api/backend-rooms.ts';
import { RoomList } from './api/room-list.ts';
import {
  assembleCluster,
  assembleGames,
  assembleSessions,
  assembleStore,
  type ClusterParts,
  type GameParts,
  type SessionParts,
  type Start,
  type StoreParts,
} from './assembly.ts';
import { StoreClock } from './cluster/clock.ts';
import type { Membership } from './cluster/membership.ts';
import type { Readiness } from './cluster/readiness.ts';
import type { Config } from './config.ts';
import { addRankingRoute } from './game/ranking-route.ts';
import type { HeldSeats } from './game/seat-hold.ts';
import { openOperatorAccess } from './operator-access.ts';
import { createInternal } from './ops/internal-server.ts';
import type { Logger } from './ops/log.ts';
import { Metrics } from './ops/metrics.ts';
import { disconnectStore } from './redis/connect.ts';
import { type ConnectionSet, drainSockets } from './session/connection-set.ts';
import { REPLICA_CHANNEL } from './session/fencing.ts';
import { type Accepted, Handshake } from './session/handshake.ts';
import type { Traces } from './traces/traces.ts';
import { HttpTransports, QUIET_MS } from './transport/http-transports.ts';
import { closeServer, listen, listenLocally, urlOf } from './transport/listeners.ts';
import { createHttp } from './transport/public-http.ts';
import { Upgrade } from './transport/upgrade.ts';

export interface Replica {
  /** Base of the public side, with the port it got when 0 was given. */
  readonly url: string;
  readonly internalUrl: string;
  readonly readiness: Readiness;
  readonly sockets: ConnectionSet;
  /** The replicas of the cluster. */
  readonly membership: Membership;
  /** Sends the clients away and stops; resolves when all is closed. */
  drain(): Promise<void>;
}

/** All parts of a replica. */
type Parts = StoreParts & ClusterParts & GameParts & SessionParts;
type Listeners = Awaited<ReturnType<typeof openListeners>>;

/** How often Redis is asked how it persists: that can change while it runs. */
const INSPECT_MS = 3000;
/** The beginning of a message that hands seats over to another replica. */
const SEATS = 'seats ';

/**
 * Starts a replica of rooms of a type. Resolves when it listens, which is before it is ready. `onUnusable` is given the sentence when the
 * Redis it finds will never do; `onDrain` drains it and ends its process, as an operator asks.
 */
export async function startReplica(
  config: Config,
  type: AnyRoomType,
  log: Logger,
  onUnusable: (sentence: string) => void = () => {},
  clock = new StoreClock(),
  onDrain?: () => void,
): Promise<Replica> {
  const metrics = new Metrics(config.appId, type);
  // This comes first, because everything that connects to Redis must be made without a wait in between: otherwise it
  // would miss the event that it is connected.
  const traces = await openTraces(config, metrics);
  const start: Start = { config, type, metrics, traces, log, clock, onUnusable, onDrain };
  const store = assembleStore(start);
  const cluster = assembleCluster(start, store);
  const games = assembleGames(start, store, cluster);
  const sessions = assembleSessions(start, store, cluster, games);
  const parts: Parts = { ...store, ...cluster, ...games, ...sessions };
  watchGauges(parts);
  hearOtherReplicas(config, parts);
  const inspection = inspectStore(parts);
  const listeners = await openListeners(start, parts);
  const { ops, readiness, sockets, membership } = parts;
  ops.listening(urlOf(listeners.internal));
  readiness.listening();
  return {
    url: urlOf(listeners.http.server),
    internalUrl: urlOf(listeners.internal),
    readiness,
    sockets,
    membership,
    drain: async () => {
      await sendAway(config, parts, listeners);
      await handSeatsOver(parts);
      clearInterval(inspection);
      await parts.histories.leave().catch(() => undefined);
      stopParts(parts, listeners);
      await traces?.stop();
    },
  };
}

/** Loads the SDK only if traces are on. */
async function openTraces({ traces, appId }: Config, { spans }: Metrics): Promise<Traces | undefined> {
  if (traces === undefined) return undefined;
  const { OtlpTraces } = await import('./traces/otlp-traces.ts');
  return new OtlpTraces({
    settings: traces,
    replica: appId,
    count: (outcome, times) => spans.inc({ outcome }, times),
  });
}

function watchGauges({ metrics, sockets, feeds, bus, membership, readiness }: Parts): void {
  metrics.watch('gridlock_sockets', 'Open sockets, whatever the transport', () => sockets.size);
  metrics.watchEach('gridlock_transport_sockets', 'Open sockets', 'transport', TRANSPORTS, (name) =>
    sockets.count(name),
  );
  metrics.watch('gridlock_feeds', 'Games and channels followed here', () => feeds.size);
  metrics.watch('gridlock_subscriptions', 'Channels of Redis subscribed to', () => bus.channels);
  metrics.watch(
    'gridlock_members',
    'Replicas that were heard of lately, including this one',
    () => membership.members.length,
  );
  metrics.watch('gridlock_ready', '1 while this replica is ready', () => Number(readiness.reason === undefined));
  metrics.watch('gridlock_draining', '1 while this replica drains', () => Number(readiness.isDraining));
}

/** Listens to what is meant for this replica alone: newer sockets of its players, and seats of a replica that goes. */
function hearOtherReplicas({ appId }: Config, { bus, fencing, seatHold, readFailed }: Parts): void {
  bus.listen(`${REPLICA_CHANNEL}${appId}`, {
    message: (payload) => {
      if (payload.startsWith(SEATS)) seatHold.take(JSON.parse(payload.slice(SEATS.length)) as HeldSeats);
      else fencing.take(payload);
    },
    confirmed: () => {
      fencing.recheck().catch(readFailed);
    },
  });
}

/** Looks at the store after each connection, and at times. */
function inspectStore({ redis, readiness, histories, fencing, readFailed }: Parts): NodeJS.Timeout {
  // Whichever connection is up last: the first probe can go out then.
  redis.on('ready', () => {
    readiness.probe();
    histories.inspect().catch(readFailed);
    fencing.recheckIfDue().catch(readFailed);
  });
  return setInterval(() => {
    histories.inspect().catch(() => undefined);
    // The subscription may have come back before the connection for commands did.
    fencing.recheckIfDue().catch(readFailed);
  }, INSPECT_MS);
}

async function openListeners(start: Start, parts: Parts) {
  const { config, log } = start;
  const { sessions, allowances, admission, fencing, readiness, connections, metrics, redis, bus, ops } = parts;
  const { allowedOrigins, clientAddress, webRoot } = config;
  const http = await createHttp({ sessions, allowedOrigins, allowances, clientAddress, fencing, webRoot, log });
  addRankingRoute(http, parts.ranking);
  const rooms = new BackendRooms({ ...parts, clock: start.clock });
  const roomList = new RoomList(redis);
  const apiKeys = await openApi(http, start, parts, { rooms, roomList });
  const operatorAccess = openOperatorAccess(start, parts, { rooms, roomList });
  const handshake = new Handshake({
    sessions,
    allowedOrigins,
    admission,
    allowances,
    clientAddress,
    traces: start.traces,
    parseCookie: (header) => http.parseCookie(header),
    isDraining: () => readiness.isDraining,
    fence: ({ player, issuedAt }, attempt) => fencing.open(player.id, issuedAt, attempt),
  });
  const accept = (accepted: Accepted) => connections.accept(accepted);
  const upgrade = new Upgrade({ handshake, accept, metrics });
  http.server.on('upgrade', (request, socket, head) => void upgrade.handle(request, socket, head));
  const transports = new HttpTransports(http, {
    handshake,
    accept,
    metrics,
    redis,
    bus,
    replica: config.appId,
    heartbeatMs: Math.min(config.heartbeatMs, QUIET_MS),
  });
  const internal = createInternal(readiness, metrics, ops.server);
  await listen(internal, config.internalPort, config.internalHost);
  await http.listen({ port: config.port, host: config.host });
  const local = config.socketPath === undefined ? undefined : await listenLocally(http.server, config.socketPath);
  return { http, internal, local, transports, apiKeys, operatorAccess };
}

/** The API for backends, where there are keys for any. */
async function openApi(
  http: Awaited<ReturnType<typeof createHttp>>,
  { config: { apiKeysFile, clientAddress }, log }: Start,
  parts: Parts,
  { rooms, roomList }: { rooms: BackendRooms; roomList: RoomList },
): Promise<ApiKeys | undefined> {
  if (apiKeysFile === undefined) return undefined;
  const { allowances, metrics, fencing, channels, signals } = parts;
  const keys = new ApiKeys({
    file: apiKeysFile,
    onChange: (backends) => {
      beginCounting(metrics, backends);
      log.info({ backends }, 'the API keys were read again');
    },
    onFailure: (sentence) => log.warn(sentence),
  });
  beginCounting(metrics, keys.names);
  log.info({ backends: keys.names }, 'backends may use the API');
  await addBackendApi(http, {
    ...{ keys, allowances, clientAddress, metrics, log, fencing, channels, signals, rooms },
    roomList,
  });
  return keys;
}

/** Accepts nobody any more, and closes the sockets over the drain's window. */
async function sendAway({ drainMs }: Config, parts: Parts, { http, local }: Listeners): Promise<void> {
  const { ops, readiness, membership, authority, sockets } = parts;
  const noted = ops.draining(sockets.size);
  readiness.drain();
  membership.announce();
  http.server.close();
  local?.close();
  http.server.closeIdleConnections();
  const handedOver = authority.handOver();
  await drainSockets(sockets, drainMs);
  await handedOver;
  await noted;
}

/** Nobody shall play against a player that is gone because this replica goes as well. */
async function handSeatsOver({ redis, membership, seatHold, ops, presence }: Parts): Promise<void> {
  ops.stop();
  await presence.stop();
  const heir = membership.others.find(({ ready, draining }) => ready && !draining);
  await Promise.all(
    (heir ? seatHold.handOver() : []).map((seats) =>
      redis.spublish(`${REPLICA_CHANNEL}${heir!.replica}`, `${SEATS}${JSON.stringify(seats)}`).catch(() => 0),
    ),
  );
}

function stopParts(parts: Parts, { http, internal, transports, apiKeys, operatorAccess }: Listeners): void {
  apiKeys?.stop();
  operatorAccess.stop();
  const { seatHold, endedRooms, membership, shedding, allowances, lookups, authority, feeds, gameClock, sessions } =
    parts;
  const { readiness, connections } = parts;
  for (const part of [
    transports,
    seatHold,
    endedRooms,
    membership,
    shedding,
    allowances,
    lookups,
    authority,
    feeds,
    gameClock,
  ])
    part.stop();
  sessions.stop();
  readiness.stop();
  connections.stop();
  parts.bus.close();
  disconnectStore(parts.redis);
  http.server.closeAllConnections();
  closeServer(internal);
}
