import type {
  ConnectionPage,
  ConnectionQuery,
  ListedConnection,
  OperatorAction,
  OperatorActionName,
} from '../../protocol/operator.ts';
import type { BackendRooms } from '../api/backend-rooms.ts';
import { Refusal } from '../authority/game-authority.ts';
import type { Called, PeerCalls } from '../cluster/peer-calls.ts';
import type { Channels } from '../history/channels.ts';
import { order } from '../session/connection-list.ts';
import type { Fencing } from '../session/fencing.ts';
import { LONGEST_SECONDS } from '../session/issuer.ts';
import type { EventLog } from './event-log.ts';
import type { Logger } from './log.ts';
import { rotateCertificate } from './supervisor.ts';

/** A request of one replica to another for an operator. */
export type PeerQuestion =
  | { readonly kind: 'connections'; readonly query: ConnectionQuery }
  | { readonly kind: 'drain'; readonly operator: string }
  | { readonly kind: 'move' };
/** The answer: a list, or a sentence about the action that was begun. */
export type PeerAnswer = { readonly connections: readonly ListedConnection[] } | { readonly text: string };

export interface OperatorsOptions {
  readonly rooms: BackendRooms;
  readonly channels: Pick<Channels, 'read' | 'publish'>;
  readonly fencing: Pick<Fencing, 'disconnect' | 'logOut'>;
  readonly peers: Pick<PeerCalls<PeerQuestion, PeerAnswer>, 'ask'>;
  /** The names of the replicas, this one among them. */
  readonly replicas: () => readonly string[];
  readonly events: Pick<EventLog, 'note'>;
  readonly log: Logger;
  /** The UNIX socket of the supervisor, where `npm start` runs this replica. */
  readonly controlSocket: string | undefined;
  readonly onRotated: () => void;
  /** Why rooms cannot be closed; undefined when they can. */
  readonly closeProblem: string | undefined;
}

const NO_SUPERVISOR =
  'Only npm start can replace the certificate from here. On Kubernetes it is npm run rotate, or cert-manager does it by itself.';

/** The actions of operators, at any replica. Each is reported in the events, with its operator and its result. */
export class Operators {
  readonly #options: OperatorsOptions;

  constructor(options: OperatorsOptions) {
    this.#options = options;
  }

  /** The reason for each action that is unavailable here. */
  get unavailable(): Partial<Record<OperatorActionName, string>> {
    const { controlSocket, closeProblem } = this.#options;
    return {
      ...(controlSocket === undefined ? { rotate: NO_SUPERVISOR } : {}),
      ...(closeProblem === undefined ? {} : { close: closeProblem }),
    };
  }

  /** Carries out an action and resolves with its result, as a sentence. Rejects with a `Refusal`. */
  async act(operator: string, id: string, action: OperatorAction): Promise<string> {
    const { events, log } = this.#options;
    const what = describe(action);
    const note = (outcome: string) => {
      log.info({ operator, action, outcome }, 'an operator acted');
      return events.note('action', `${operator}: ${what}. ${outcome}`);
    };
    try {
      const outcome = await this.#do(operator, id, action);
      await note(outcome);
      return outcome;
    } catch (error) {
      await note(`It failed: ${(error as Error).message}`);
      throw error;
    }
  }

  /** The connections of all replicas, the newest first. */
  async connections(query: ConnectionQuery): Promise<ConnectionPage> {
    const { peers, replicas } = this.#options;
    const asked = await Promise.all(
      replicas().map(async (replica) => ({
        replica,
        called: await peers.ask(replica, { kind: 'connections', query }),
      })),
    );
    const listed = asked.flatMap(({ called }) =>
      called.tag === 'answer' && 'connections' in called.answer ? called.answer.connections : [],
    );
    const connections = listed.sort(order).slice(0, query.limit);
    const last = connections.at(-1);
    return {
      connections,
      next: last && connections.length === query.limit ? { since: last.since, id: last.id } : null,
      silent: asked.filter(({ called }) => called.tag !== 'answer').map(({ replica }) => replica),
    };
  }

  async #do(operator: string, id: string, action: OperatorAction): Promise<string> {
    const { rooms, channels, fencing, peers } = this.#options;
    switch (action.action) {
      case 'drain':
        return begun(action.replica, await peers.ask(action.replica, { kind: 'drain', operator }));
      case 'move':
        return begun(action.replica, await peers.ask(action.replica, { kind: 'move' }));
      case 'disconnect':
        // A JWT of the player may be valid longer than any of our own tokens.
        if (action.revoke) await fencing.logOut(action.player, LONGEST_SECONDS);
        else await fencing.disconnect(action.player);
        return action.revoke ? 'The player is logged out.' : 'The sockets of the player are told to close.';
      case 'close': {
        const { seq, duplicate } = await rooms.close(operator, id, action.room);
        return duplicate ? `It was closed before, by event ${seq}.` : `Event ${seq} ended it.`;
      }
      case 'publish': {
        const publication = channels.read(action.channel, action.data);
        const player = { id: `operator-${operator}`, name: operator };
        const { seq } = await channels.publish({ player, backend: `@${operator}` }, id, publication);
        return `It is message ${seq} of the channel.`;
      }
      case 'rotate':
        return this.#rotate();
    }
  }

  async #rotate(): Promise<string> {
    const { controlSocket, onRotated } = this.#options;
    if (controlSocket === undefined) throw new Refusal('not_here', NO_SUPERVISOR);
    try {
      const outcome = await rotateCertificate(controlSocket);
      onRotated();
      return outcome;
    } catch (error) {
      throw new Refusal('rotation_failed', (error as Error).message);
    }
  }
}

function describe(action: OperatorAction): string {
  switch (action.action) {
    case 'drain':
      return `drain replica ${action.replica}`;
    case 'move':
      return `move the sockets of replica ${action.replica}`;
    case 'disconnect':
      return `${action.revoke ? 'log out' : 'disconnect'} player ${action.player}`;
    case 'close':
      return `close room ${action.room}`;
    case 'publish':
      return `publish to channel ${action.channel}`;
    case 'rotate':
      return 'rotate the certificate';
  }
}

/** The sentence of a replica about the action that it has begun. */
function begun(replica: string, called: Called<PeerAnswer>): string {
  switch (called.tag) {
    case 'answer':
      return 'text' in called.answer ? called.answer.text : '';
    case 'failed':
      throw new Refusal('not_here', called.message);
    case 'nobody':
      throw new Refusal('replica_not_found', `There is no replica ${replica} that listens.`);
    case 'silent':
      throw new Refusal('unavailable', `Replica ${replica} did not answer in time; whether it begins is unknown.`);
  }
}
