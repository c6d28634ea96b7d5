import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ReplicaNow } from '../../../protocol/operations.ts';
import { changesText } from '../model/states.ts';
import { operator } from '../operator.ts';
import { live, replicas } from '../store.ts';
import { Confirmation } from './confirm.tsx';
import { Connections } from './connections.tsx';
import { Edge } from './edge.tsx';
import { Masthead } from './masthead.tsx';
import { Certificates, Events, LastRun } from './panels.tsx';
import { Publish } from './publish.tsx';
import { Replicas } from './replicas.tsx';
import { Rooms } from './rooms.tsx';
import { StorePanel } from './store-panel.tsx';
import { Totals } from './totals.tsx';

export function App() {
  return (
    <>
      <Masthead />
      <main class={live.value.isLive ? 'ops' : 'ops ops-stale'}>
        <Totals />
        <Replicas />
        <div class="ops-halves">
          <Edge />
          <StorePanel />
        </div>
        {operator.value === undefined ? (
          <p class="ops-note ops-signed-out">
            Rooms, connections and all actions need the key of an operator: sign in at the top.
          </p>
        ) : (
          <>
            <Rooms />
            <Connections />
            <Publish />
          </>
        )}
        <div class="ops-columns">
          <div class="ops-column">
            <Events />
            <LastRun />
          </div>
          <Certificates />
        </div>
      </main>
      <Announcer />
      <Confirmation />
    </>
  );
}

/** Announces to screen readers when a replica comes, goes or changes its state, but no figures. */
export function Announcer() {
  const said = useSignal('');
  const before = useRef<readonly ReplicaNow[]>([]);
  const wasLive = useRef(false);
  useSignalEffect(() => {
    const text = changesText(before.current, replicas.value);
    before.current = replicas.value;
    if (text) said.value = text;
  });
  useSignalEffect(() => {
    const { isLive } = live.value;
    if (wasLive.current !== isLive) said.value = isLive ? 'The page is live.' : 'The connection was lost.';
    wasLive.current = isLive;
  });
  return (
    <p class="visually-hidden" aria-live="polite" data-testid="announcer">
      {said}
    </p>
  );
}
