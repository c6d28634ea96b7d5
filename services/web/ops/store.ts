import { signal } from '@preact/signals';
import type {
  LoadRun,
  OperationsEvent,
  OperationsMessage,
  ReplicaNow,
  ServedChain,
} from '../../protocol/operations.ts';
import type { Feed, FeedOptions } from './feed.ts';
import { History } from './model/history.ts';

/** The replica that serves this page, and what it tells. Undefined until then. */
export const source = signal<{ replica: string; design: string } | undefined>(undefined);
/** `since` by `performance.now()`, which nobody sets. */
export const live = signal<{ isLive: boolean; since: number }>({ isLive: false, since: performance.now() });
export const replicas = signal<readonly ReplicaNow[]>([]);
/** By the clock of the replica that serves the page, when it last said something. */
export const now = signal(Date.now());
export const chain = signal<ServedChain | undefined>(undefined);
export const events = signal<readonly OperationsEvent[] | undefined>(undefined);
export const run = signal<LoadRun | null | undefined>(undefined);
/** What the curves are drawn from; changes with `now`. */
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
    case 'events':
      events.value = message.events;
      return;
    case 'run':
      run.value = message.run;
  }
}
