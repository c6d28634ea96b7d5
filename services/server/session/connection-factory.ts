import type { GameRoutes } from '../cluster/game-routes.ts';
import type { Config } from '../config.ts';
import { ConnectionLog, type Logger } from '../ops/log.ts';
import { QUIET_MS } from '../transport/http-transports.ts';
import type { Allowances } from './allowances.ts';
import { addressGroup } from './client-address.ts';
import { Connection } from './connection.ts';
import type { ConnectionSet } from './connection-set.ts';
import type { Fencing } from './fencing.ts';
import type { Accepted } from './handshake.ts';
import { Requests, type Services } from './requests.ts';

export interface ConnectionFactoryOptions {
  readonly config: Pick<Config, 'appId' | 'design' | 'heartbeatMs' | 'limits'>;
  readonly services: Services;
  readonly sockets: ConnectionSet;
  readonly routes: GameRoutes<Connection>;
  readonly allowances: Allowances;
  readonly fencing: Pick<Fencing, 'closeOutdated'>;
  readonly isDraining: () => boolean;
  readonly log: Logger;
}

/** Makes the connection of an admitted player, and removes it everywhere when it closes. */
export class ConnectionFactory {
  readonly #options: ConnectionFactoryOptions;
  readonly #log: ConnectionLog;
  // Once for all connections, and not once for each.
  readonly #now = () => this.#options.services.clock.now();
  readonly #requestsOf = (connection: Connection) => new Requests(connection, this.#options.services);
  readonly #onClosed = (connection: Connection) => {
    this.#options.sockets.delete(connection);
    this.#options.routes.delete(connection);
  };

  constructor(options: ConnectionFactoryOptions) {
    this.#options = options;
    this.#log = new ConnectionLog(options.log);
  }

  accept({ socket, session, generation, origin, address, game, handshake }: Accepted): void {
    const { config, services, sockets, routes, allowances, fencing, isDraining, log } = this.#options;
    const { appId, design, heartbeatMs, limits } = config;
    const group = addressGroup(address);
    const connection = new Connection({
      socket,
      generation,
      log,
      metrics: services.metrics,
      connectionLog: this.#log,
      heartbeatMs: socket.transport === 'websocket' ? heartbeatMs : Math.min(heartbeatMs, QUIET_MS),
      player: session.player,
      expiresAt: session.expiresAt,
      allowance: allowances.of(session.player.id, group),
      address: group,
      messagesPerSecond: limits.perPlayer.messagesPerSecond,
      replica: appId,
      handshake,
      routeByGame: design === 'stateful',
      now: this.#now,
      requestsOf: this.#requestsOf,
      onClosed: this.#onClosed,
    });
    sockets.add(connection);
    if (game !== undefined) {
      routes.add(connection, game, this.#now());
      void services.authority.arrived(game, this.#now());
    }
    this.#log.opened({ connection: connection.id, player: connection.player.id }, { origin, address });
    if (!fencing.closeOutdated(connection) && isDraining()) connection.close('serviceRestart');
  }

  stop(): void {
    this.#log.stop();
  }
}
