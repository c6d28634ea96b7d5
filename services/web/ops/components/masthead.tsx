import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { isOver } from '../model/states.ts';
import { durationText } from '../model/text.ts';
import { live, replicas, source } from '../store.ts';
import { SignIn } from './sign-in.tsx';

/** The replica that serves this page, and whether the page is up to date. */
export function Masthead() {
  const { isLive, since } = live.value;
  const { replica, design } = source.value ?? {};
  const clock = useSignal(performance.now());
  useEffect(() => {
    const timer = setInterval(() => (clock.value = performance.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const others = replicas.value.flatMap(({ page, state, replica: name }) =>
    page === undefined || name === replica || isOver({ state }) ? [] : [{ page, name }],
  );
  return (
    <header class="masthead ops-masthead">
      <h1 class="brand">
        <img src="/ops/favicon.svg" alt="" width="26" height="26" />
        Gridlock operations
      </h1>
      <dl class={`health health-${isLive ? 'open' : 'reconnecting'}`}>
        <div class="health-state">
          <dt class="visually-hidden">Connection</dt>
          <dd data-testid="live" data-live={isLive}>
            {isLive ? 'Live' : source.value ? `Stale for ${durationText(clock.value - since)}` : 'Connecting…'}
          </dd>
        </div>
        {replica !== undefined && (
          <div>
            <dt>Seen by</dt>
            <dd class="health-replica">{replica}</dd>
          </div>
        )}
        {design !== undefined && (
          <div>
            <dt>Design</dt>
            <dd class="health-replica">{design}</dd>
          </div>
        )}
      </dl>
      <SignIn />
      {!isLive && others.length > 0 && (
        <p class="ops-elsewhere">
          Replica {replica} does not answer. Open the page of{' '}
          {others.map(({ page, name }, index) => (
            <span key={name}>
              {index > 0 && ', '}
              <a href={page}>{name}</a>
            </span>
          ))}
        </p>
      )}
    </header>
  );
}
