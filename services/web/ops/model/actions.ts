import type { OperatorAction } from '../../../protocol/operator.ts';

/** The question before an action. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly button: string;
  /** The action cannot be undone. */
  readonly isFinal: boolean;
}

/** Asks once before an action. `only`: no other replica is ready. */
export function questionOf(request: OperatorAction, only = false): Question {
  switch (request.action) {
    case 'drain': {
      const outage = only ? ' It is the only replica that is ready: nobody can connect until it is back.' : '';
      return {
        title: `Drain replica ${request.replica}?`,
        text: `It sends its players to the other replicas, ends, and is started again. Players lose nothing.${outage}`,
        button: 'Drain it',
        isFinal: only,
      };
    }
    case 'move':
      return {
        title: `Move the sockets of replica ${request.replica}?`,
        text: 'Its players come back through the edge, which chooses a replica for each. The replica stays. Players lose nothing.',
        button: 'Move them',
        isFinal: false,
      };
    case 'disconnect':
      return request.revoke
        ? {
            title: `Log out player ${request.player}?`,
            text: 'All sockets of the player close, and the tokens are no longer valid.',
            button: 'Log out',
            isFinal: true,
          }
        : {
            title: `Disconnect player ${request.player}?`,
            text: 'All sockets of the player close. The player may come back with the same token.',
            button: 'Disconnect',
            isFinal: true,
          };
    case 'close':
      return {
        title: `Close room ${request.room}?`,
        text: 'It ends for everybody in it, with an event that says so. It cannot be opened again.',
        button: 'Close it',
        isFinal: true,
      };
    case 'publish':
      return {
        title: `Publish to ${request.channel}?`,
        text: `Everybody who is subscribed gets ${JSON.stringify(request.data)}`,
        button: 'Publish',
        isFinal: false,
      };
    case 'rotate':
      return {
        title: 'Rotate the certificate?',
        text: 'The edge serves a new leaf from now on. Open sockets stay open.',
        button: 'Rotate it',
        isFinal: false,
      };
  }
}
