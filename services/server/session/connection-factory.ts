import type { ClientMessage } from '../../protocol/index.ts';
import type { Routes } from '../cluster/game-routes.ts';
import type { Config } from '../config.ts';
import { ConnectionLog } from '../ops/connection-log.ts';
import type { Logger } from '../ops/log.ts';
import { QUIET_MS } from '../transport/http-transports.ts';
import type { Allowances } from './allowances.ts';
import { addressGroup } from './client-address.ts';
import { Connection } from './connection.ts';
import type { Sockets } from './connection-set.ts';
import type { Fencing } from './fencing.ts';
import type { Accepted } from './handshake.ts';
import { Requests, type Services } from './requests.ts';

export interface ReceptionOptions {
  readonly config: Pick<Config, 'appId' | 'design' | 'heartbeatMs' | 'limits'>;
  readonly services: Services;
  readonly sockets: Sockets;
  readonly routes: Routes<Connection>;
  readonly allowances: Allowances;
  readonly fencing: Pick<Fencing, 'closeOutdated'>;
  readonly isDraining: () => boolean;
  readonly log: Logger;
}

/** Makes a connection of whoever may come in, and takes it out of everything when it closes. */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #log: ConnectionLog;
  /** Of those that asked for something: idle ones are the many. */
  readonly #requests = new WeakMap<Connection, Requests>();
  // Once for all connections, for the same reason.
  readonly #now = () => this.#options.services.clock.now();
  readonly #onMessage = (connection: Connection, message: ClientMessage) => {
    let requests = this.#requests.get(connection);
    if (!requests) this.#requests.set(connection, (requests = new Requests(connection, this.#options.services)));
    requests.handle(message);
  };
  readonly #onClosed = (connection: Connection) => {
    this.#options.sockets.delete(connection);
    this.#options.routes.delete(connection);
    this.#requests.get(connection)?.close();
  };

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#log = new ConnectionLog(options.log);
  }

  accept({ carrier, session, generation, origin, address, game }: Accepted): void {
    const { config, services, sockets, routes, allowances, fencing, isDraining, log } = this.#options;
    const { appId, design, heartbeatMs, limits } = config;
    const connection = new Connection({
      carrier,
      generation,
      log,
      metrics: services.metrics,
      connectionLog: this.#log,
      heartbeatMs: carrier.transport === 'websocket' ? heartbeatMs : Math.min(heartbeatMs, QUIET_MS),
      player: session.player,
      expiresAt: session.expiresAt,
      allowance: allowances.of(session.player.id, addressGroup(address)),
      messagesPerSecond: limits.perPlayer.messagesPerSecond,
      replica: appId,
      routeByGame: design === 'stateful',
      now: this.#now,
      onMessage: this.#onMessage,
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

  /** Whether a request of the connection waits for its answer. */
  isBusy(connection: Connection): boolean {
    return this.#requests.get(connection)?.isBusy === true;
  }

  stop(): void {
    this.#log.stop();
  }
}
