import { live } from '../store.ts';
import { Announcer } from './announcer.tsx';
import { Certificates } from './certificates.tsx';
import { Events } from './events.tsx';
import { LastRun } from './last-run.tsx';
import { Masthead } from './masthead.tsx';
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
