import { useSignal, useSignalEffect } from '@preact/signals';
import { useRef } from 'preact/hooks';
import type { ReplicaNow } from '../../../protocol/operations.ts';
import { changesText } from '../model/states.ts';
import { live, replicas } from '../store.ts';
import { Masthead } from './masthead.tsx';
import { Certificates, Events, LastRun } from './panels.tsx';
import { Replicas } from './replicas.tsx';
import { Totals } from './totals.tsx';

export function App() {
  return (
    <>
      <Masthead />
      <main class={live.value.isLive ? 'ops' : 'ops ops-stale'}>
        <Totals />
        <Replicas />
        <div class="ops-columns">
          <div class="ops-column">
            <Events />
            <LastRun />
          </div>
          <Certificates />
        </div>
      </main>
      <Announcer />
    </>
  );
}

/** Tells screen readers when a replica comes, goes or changes its state, and nothing of the figures. */
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
