import { connect } from 'node:tls';
import { returnToRotation, serverStates, takeOutOfRotation } from '../../../infra/edge/haproxy.ts';
import { askAnyStatus } from '../../../infra/local/control.ts';
import { type StatePaths, statePaths } from '../../../infra/local/state-paths.ts';
import type { AnyStatus } from '../../../infra/local/system-status.ts';
import { answers } from '../../../infra/local/user-command.ts';
import { waitFor } from '../../../infra/local/wait.ts';
import { RotationWorker } from '../../rotation/rotation-worker.ts';
import type { Link } from '../link.ts';

const PATIENCE_MS = 60_000;
const LOOK_MS = 20;
const HANDSHAKE_MS = 5000;

/** A copy of the server, as a process of this machine. */
export interface Copy {
  /** ws1, ws2, ... */
  readonly name: string;
  readonly pid: number;
}

/** The path of the sockets in a round, with the parts that a fault can strike. */
export interface Stage {
  /** Between the sockets and the edge. */
  readonly link: Link;
  /** Undefined for a server elsewhere: a fault can strike only its network. */
  readonly edge?: RunningEdge;
}

const copiesOf = (status: AnyStatus) => ('servers' in status ? status.servers : status.replicas);

/** The edge of a running `npm start` and the copies behind it, found by its state directory. */
export class RunningEdge {
  /** The signal that asks a copy to end. */
  readonly drainSignal: NodeJS.Signals;
  readonly #paths: StatePaths;

  constructor(stateDir: string, drainSignal: NodeJS.Signals) {
    this.#paths = statePaths(stateDir);
    this.drainSignal = drainSignal;
  }

  status(): Promise<AnyStatus> {
    return askAnyStatus(this.#paths.controlSocket);
  }

  /** The copies that run as processes of this edge. */
  async copies(): Promise<Copy[]> {
    return copiesOf(await this.status()).flatMap(({ name, pid }) => (pid === undefined ? [] : [{ name, pid }]));
  }

  /** Open sockets and requests of each copy, by name. */
  async held(): Promise<Map<string, number>> {
    const states = await serverStates(this.#paths.runtimeSocket);
    return new Map([...states].map(([name, { sessions }]) => [name, sessions]));
  }

  /** Process ids by name; a name whose process is being restarted is left out. */
  async processes(): Promise<Map<string, number>> {
    const { edge } = await this.status();
    const copies = await this.copies();
    const own = edge.pid === undefined ? [] : [['haproxy', edge.pid] as const];
    return new Map([...own, ...copies.map(({ name, pid }) => [name, pid] as const)]);
  }

  /** Resolves when the process of that name is no longer `pid`. */
  async replaced(name: string, pid: number): Promise<void> {
    const isOther = async () => ((await this.processes()).get(name) ?? pid) !== pid || undefined;
    await waitFor(isOther, { what: `another process of ${name}`, timeoutMs: PATIENCE_MS, intervalMs: LOOK_MS });
  }

  /** Resolves when every process runs and every copy is in rotation. */
  async settled(): Promise<void> {
    const isWhole = async () => {
      const status = await this.status();
      const states = await serverStates(this.#paths.runtimeSocket);
      const up = copiesOf(status).every(({ name }) => states.get(name)?.up === true);
      return (up && status.edge.pid !== undefined) || undefined;
    };
    await waitFor(isWhole, { what: 'every copy to be up', timeoutMs: PATIENCE_MS, intervalMs: LOOK_MS });
  }

  /** Asks a copy to end as a rolling update does, and resolves when its successor gets requests again. */
  async restart({ name, pid }: Copy): Promise<number> {
    const { runtimeSocket } = this.#paths;
    await takeOutOfRotation(runtimeSocket, name);
    const held = (await this.held()).get(name) ?? 0;
    process.kill(pid, this.drainSignal);
    await this.replaced(name, pid);
    await this.#answers(name);
    await returnToRotation(runtimeSocket, name);
    await this.settled();
    return held;
  }

  async #answers(name: string): Promise<void> {
    const status = await this.status();
    const { port } = copiesOf(status).find((copy) => copy.name === name)!;
    const healthPath = 'server' in status ? status.server.healthPath : '';
    const attempt = () => answers({ host: '127.0.0.1', port }, healthPath);
    await waitFor(attempt, { what: `${name} to answer again`, timeoutMs: PATIENCE_MS, intervalMs: LOOK_MS });
  }

  /**
   * Issues a new leaf and a new intermediate; resolves when a handshake has shown the leaf. @throws when it shows
   * another
   */
  async rotate(): Promise<string> {
    const worker = new RotationWorker(this.#paths.pki);
    try {
      await worker.ready();
      await worker.do('leaf');
      const { serialNumber } = await worker.do('intermediate');
      const { edge } = await this.status();
      const served = await servedSerial(edge.port);
      if (served !== serialNumber) throw new Error(`The edge serves ${served} and not the new leaf ${serialNumber}.`);
      return serialNumber;
    } finally {
      await worker.stop();
    }
  }
}

/** The serial number of the certificate that a handshake shows. */
function servedSerial(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    // The issuer does not matter here: only the serial number is compared.
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false });
    socket.setTimeout(HANDSHAKE_MS, () => socket.destroy(new Error('The edge does not answer.')));
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      resolve(socket.getPeerX509Certificate()?.serialNumber ?? 'none');
      socket.end();
    });
  });
}
