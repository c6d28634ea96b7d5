import { randomBytes } from 'node:crypto';
import { until } from '../../../tests/kit/wait.ts';
import { grid } from '../../apps/grid/grid.ts';
import type { AnyRoomType } from '../../protocol/index.ts';
import type { RoomBounds } from '../authority/append-request.ts';
import type { GameAuthority } from '../authority/game-authority.ts';
import type { Fault } from '../authority/plan.ts';
import { RoomLog } from '../authority/room-log.ts';
import { StatefulAuthority } from '../authority/stateful/stateful-authority.ts';
import { StatelessAuthority } from '../authority/stateless/stateless-authority.ts';
import { Matchmaking } from '../game/matchmaking.ts';
import { HistoryStore } from '../history/history-store.ts';
import { Bus } from '../redis/bus.ts';
import { connectNode, connectStore, type Store } from '../redis/connect.ts';
import { startRedis } from './redis.ts';
import { type Design, settingsOf } from './replica.ts';

/** The two designs on one Redis, without sockets. */
export interface TestAuthorities {
  readonly records: RoomLog;
  readonly redis: Store;
  of(design: Design): GameAuthority;
  /** Nobody holds a game in memory any longer. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export interface AuthorityOptions {
  /** Hears of what the application does wrong. */
  readonly onFault?: (room: string, fault: Fault) => void;
  readonly bounds?: Partial<RoomBounds>;
  /** Milliseconds, as the replica takes the store's clock to be. */
  readonly now?: () => number;
}

export async function startAuthorities(
  type: AnyRoomType = grid,
  { onFault = () => {}, bounds, now = Date.now }: AuthorityOptions = {},
): Promise<TestAuthorities> {
  const server = await startRedis();
  const settings = settingsOf(server.url);
  const report = { batch: () => {}, fault: onFault };
  const redis = connectStore(settings, 'authorities');
  await until(() => redis.status === 'ready', 'Redis is connected');
  const records = new RoomLog(
    new HistoryStore({ redis, topology: 'single', replica: 'test' }),
    type,
    () => Date.now(),
    bounds,
  );
  const matchmaking = new Matchmaking(redis, randomBytes(32), type.matching);
  const bus = new Bus({ connect: () => connectNode(settings, 'authorities-bus'), onError: () => undefined });
  const stateless = new StatelessAuthority({
    records,
    matchmaking,
    now,
    report: { ...report, conflict: () => {} },
  });
  const stateful = new StatefulAuthority({
    records,
    matchmaking,
    redis,
    bus,
    owner: 'test.1',
    now,
    report: { ...report, decided: () => {}, taken: () => {} },
  });
  return {
    redis,
    records,
    of: (design) => (design === 'stateless' ? stateless : stateful),
    forget: () => {
      stateless.stop();
      return stateful.releaseAll();
    },
    stop: async () => {
      stateless.stop();
      stateful.stop();
      bus.close();
      redis.disconnect();
      await server.stop();
    },
  };
}
