import { signal } from '@preact/signals';
import type {
  EdgeNow,
  LoadRun,
  OperationsEvent,
  OperationsMessage,
  ReplicaNow,
  ServedChain,
  StoreNow,
} from '../../protocol/operations.ts';
import type { Feed, FeedOptions } from './feed.ts';
import { History } from './model/history.ts';
import { Trail } from './model/trail.ts';

/** The replica that serves this page, and its design; undefined until its first message. */
export const source = signal<{ replica: string; design: string } | undefined>(undefined);
/** `since` is a time of `performance.now()`, because nobody can set that clock. */
export const live = signal<{ isLive: boolean; since: number }>({ isLive: false, since: performance.now() });
export const replicas = signal<readonly ReplicaNow[]>([]);
/** The time of the newest message, by the clock of the replica that serves the page. */
export const now = signal(Date.now());
export const chain = signal<ServedChain | undefined>(undefined);
export const events = signal<readonly OperationsEvent[] | undefined>(undefined);
export const edge = signal<EdgeNow | undefined>(undefined);
export const store = signal<StoreNow | undefined>(undefined);
/** The data of the charts of the edge and of Redis; they change with `edge` and `store`. */
export const edgeTrails = { sessions: new Trail(), handshakes: new Trail(), requests: new Trail() };
export const storeTrails = { memory: new Trail(), commands: new Trail() };
export const run = signal<LoadRun | null | undefined>(undefined);
/** The data of the replicas' curves; changes with `now`. */
export const history = new History();

let feed: Feed | undefined;

export function startStore(open: (handlers: Pick<FeedOptions, 'onMessage' | 'onState'>) => Feed): void {
  feed = open({ onMessage: take, onState: (isLive) => setLive(isLive) });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') feed?.retryNow();
  });
}

function setLive(isLive: boolean): void {
  if (live.value.isLive !== isLive) live.value = { isLive, since: performance.now() };
}

function take(message: OperationsMessage): void {
  switch (message.type) {
    case 'hello':
      source.value = { replica: message.replica, design: message.design };
      history.reset(message.history);
      return;
    case 'tick':
      history.add(message.replicas, message.now);
      replicas.value = message.replicas;
      now.value = message.now;
      return;
    case 'certificates':
      chain.value = message.chain;
      return;
    case 'edge':
      takeEdge(message.edge);
      return;
    case 'store':
      takeStore(message.store);
      return;
    case 'events':
      events.value = message.events;
      return;
    case 'run':
      run.value = message.run;
  }
}

function takeEdge(told: EdgeNow): void {
  const { at, sessions = null, handshakesPerSecond = null, requestsPerSecond = null } = told;
  edgeTrails.sessions.add(at, sessions);
  edgeTrails.handshakes.add(at, handshakesPerSecond);
  edgeTrails.requests.add(at, requestsPerSecond);
  edge.value = told;
}

function takeStore(told: StoreNow): void {
  const { at, nodes } = told;
  const sum = (of: (node: StoreNow['nodes'][number]) => number) =>
    nodes.length === 0 ? null : nodes.reduce((total, node) => total + of(node), 0);
  storeTrails.memory.add(
    at,
    sum(({ memory }) => memory),
  );
  storeTrails.commands.add(
    at,
    sum(({ commandsPerSecond }) => commandsPerSecond),
  );
  store.value = told;
}
