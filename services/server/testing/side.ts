import { until } from '../../../tests/kit/wait.ts';
import { grid } from '../../apps/grid/grid.ts';
import type { AnyRoomType } from '../../protocol/index.ts';
import { RoomLog } from '../authority/room-log.ts';
import { StatefulAuthority, type StatefulOptions } from '../authority/stateful/stateful-authority.ts';
import { Matchmaking } from '../game/matchmaking.ts';
import { HistoryStore } from '../history/history-store.ts';
import { Bus } from '../redis/bus.ts';
import { connectNode, connectStore } from '../redis/connect.ts';
import type { TestRedis } from './redis.ts';
import { SECRET, settingsOf } from './replica.ts';

/** One replica's part in the design, and what it reports. */
export interface Side {
  readonly owner: string;
  readonly authority: StatefulAuthority;
  readonly records: RoomLog;
  readonly bus: Bus;
  readonly decided: Record<'owner' | 'forwarded', number>;
  readonly taken: string[];
  close(): void;
}

let count = 0;

export type SideOptions = Partial<Pick<StatefulOptions, 'leaseMs' | 'now' | 'routedAt' | 'onYielded'>> & {
  busPort?: number;
  type?: AnyRoomType;
};

/** One of several replicas on a Redis, without sockets; `busPort` is where it hears the others. */
export async function startSide(
  redis: TestRedis,
  { leaseMs = 1000, busPort = redis.port, now = Date.now, type = grid, ...given }: SideOptions = {},
): Promise<Side> {
  const store = connectStore(settingsOf(redis.url), 'side');
  const bus = new Bus({
    connect: () => connectNode(settingsOf(`redis://127.0.0.1:${busPort}`), 'side-bus'),
    onError: () => undefined,
  });
  await until(() => store.status === 'ready', 'the side is connected');
  const owner = `side.${(count += 1)}`;
  let isHeard = false;
  bus.listen(`test:${owner}`, { message: () => (isHeard = true) });
  await until(async () => {
    await store.spublish(`test:${owner}`, '');
    return isHeard;
  }, 'the side hears');
  const records = new RoomLog(new HistoryStore({ redis: store, topology: 'single', replica: 'test' }), type);
  const decided = { owner: 0, forwarded: 0 };
  const taken: string[] = [];
  const authority = new StatefulAuthority({
    records,
    bus,
    owner,
    now,
    leaseMs,
    ...given,
    matchmaking: new Matchmaking(store, SECRET, type.matching),
    redis: store,
    report: {
      decided: (_kind, by) => (decided[by] += 1),
      taken: (from) => taken.push(from),
      batch: () => {},
      fault: () => {},
    },
  });
  return {
    owner,
    authority,
    records,
    bus,
    decided,
    taken,
    close: () => {
      authority.stop();
      bus.close();
      store.disconnect();
    },
  };
}
