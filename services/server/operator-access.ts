import { ApiKeys } from './api/api-keys.ts';
import type { BackendRooms } from './api/backend-rooms.ts';
import type { RoomList } from './api/room-list.ts';
import type { ClusterParts, GameParts, SessionParts, Start, StoreParts } from './assembly.ts';
import { Evacuation } from './cluster/evacuation.ts';
import { PeerCalls } from './cluster/peer-calls.ts';
import { OperatorApi } from './ops/operator-api.ts';
import { Operators, type PeerAnswer, type PeerQuestion } from './ops/operators.ts';
import type { Connection } from './session/connection.ts';
import { listConnections } from './session/connection-list.ts';

type Parts = StoreParts & ClusterParts & GameParts & SessionParts;

export interface OperatorAccess {
  stop(): void;
}

/**
 * Answers operators' requests that other replicas pass on and, if there are operator keys, requests to this replica.
 */
export function openOperatorAccess(
  start: Start,
  parts: Parts,
  { rooms, roomList }: { rooms: BackendRooms; roomList: RoomList },
): OperatorAccess {
  const { config, type, log } = start;
  const { redis, bus, membership, channels, fencing, allowances, ops } = parts;
  const peers = new PeerCalls<PeerQuestion, PeerAnswer>({
    redis,
    bus,
    replica: config.appId,
    onQuestion: answerer(start, parts),
  });
  if (config.operatorKeysFile === undefined) return peers;
  const keys = new ApiKeys({
    file: config.operatorKeysFile,
    onChange: (operators) => log.info({ operators }, 'the keys of operators were read again'),
    onFailure: (sentence) => log.warn(sentence),
  });
  log.info({ operators: keys.names }, 'operators may act through the operations page');
  const operators = new Operators({
    ...{ rooms, channels, fencing, peers, log },
    replicas: () => membership.members.map(({ replica }) => replica),
    events: ops.log,
    controlSocket: config.controlSocket,
    onRotated: () => ops.rotated(),
    closeProblem: type.close ? undefined : `Rooms of "${type.name}" cannot be closed: its room type has no "close".`,
  });
  ops.server.open(
    new OperatorApi({
      ...{ keys, allowances, operators, rooms, roomList, log },
      events: ops.log,
      replica: config.appId,
    }),
  );
  return {
    stop: () => {
      keys.stop();
      peers.stop();
    },
  };
}

/** The actions of this replica for an operator, whichever replica was asked. */
function answerer({ config, log, onDrain }: Start, { sockets, shedding, membership, readiness }: Parts) {
  const evacuation = new Evacuation<Connection>({ sockets, shedding });
  membership.onTick(() => evacuation.tick());
  return async (question: PeerQuestion): Promise<PeerAnswer> => {
    switch (question.kind) {
      case 'connections':
        return { connections: listConnections(sockets.values(), config.appId, question.query) };
      case 'move':
        return { text: `It sends ${evacuation.begin()} sockets away.` };
      case 'drain': {
        if (onDrain === undefined) throw new Error('This replica cannot end itself. Stop it where it was started.');
        if (readiness.isDraining) throw new Error('It is already draining.');
        log.info({ operator: question.operator }, 'an operator asked this replica to drain');
        // The answer goes out first.
        setImmediate(onDrain);
        return { text: `It drains ${sockets.size} sockets, ends, and is restarted.` };
      }
    }
  };
}
