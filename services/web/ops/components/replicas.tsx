import type { ReplicaNow } from '../../../protocol/operations.ts';
import type { Measure } from '../model/history.ts';
import { isCurrent, isOver, STATE_TEXT } from '../model/states.ts';
import { agoText, countText, durationText, memoryText, msText } from '../model/text.ts';
import { operator } from '../operator.ts';
import { history, now, replicas } from '../store.ts';
import { Chart } from './chart.tsx';
import { confirm } from './confirm.tsx';

/** Every replica of the last five minutes. Replicas that are gone or have left come last. */
export function Replicas() {
  const all = [...replicas.value].sort((one, other) => Number(isOver(one)) - Number(isOver(other)));
  return (
    <section aria-labelledby="replicas-title">
      <div class="ops-head">
        <h2 id="replicas-title">Replicas</h2>
        <p class="ops-note">last five minutes, one scale for all</p>
      </div>
      <div class="replicas">
        {all.map((replica) => (
          <ReplicaCard key={replica.replica} replica={replica} />
        ))}
        {all.length === 0 && <p class="ops-empty">No replica has reported yet.</p>}
      </div>
    </section>
  );
}

/** The state and the figures of one replica, now and in the last five minutes. */
function ReplicaCard({ replica: it }: { replica: ReplicaNow }) {
  const { replica, state, reason, startedAt, memory, at } = it;
  const id = `replica-${replica}`;
  const figures: [Measure, string, string, (value: number) => string][] = [
    ['sockets', 'Sockets', countText(it.sockets), countText],
    ['games', 'Games', countText(it.games), countText],
    ['events', 'Events/s', countText(it.events), countText],
    ['p99', 'Move p99', msText(it.p99), msText],
  ];
  const isNow = isCurrent(it);
  return (
    <article class={`card replica replica-${state}`} aria-labelledby={id} data-testid={id} data-state={state}>
      <header>
        <h3 id={id}>{replica}</h3>
        <p class={`chip chip-${state}`}>{STATE_TEXT[state]}</p>
      </header>
      <p class="replica-line">
        {isNow
          ? `up ${durationText(now.value - startedAt)} · ${memoryText(memory)}`
          : `last heard ${agoText(now.value - at)}`}
        {state === 'not_ready' && reason !== undefined && <span class="replica-reason"> · {reason}</span>}
      </p>
      <dl>
        {figures.map(([measure, title, value, text]) => (
          <div key={measure} class="figure">
            <dt>{title}</dt>
            <dd class="figure-value" data-testid={`${measure}-${replica}`}>
              {isNow ? value : '–'}
            </dd>
            <dd class="figure-curve">
              <Chart
                points={history.points(replica, measure)}
                now={now.value}
                highest={history.highest(measure)}
                label={`${title} of ${replica}`}
                text={text}
                height={28}
              />
            </dd>
          </div>
        ))}
      </dl>
      {operator.value !== undefined && isNow && (
        <p class="replica-actions">
          <button
            type="button"
            class="button small"
            aria-label={`Move sockets of ${replica}`}
            disabled={state === 'draining'}
            onClick={() => confirm({ action: 'move', replica })}
          >
            Move sockets
          </button>
          <button
            type="button"
            class="button small"
            aria-label={`Drain ${replica}`}
            disabled={state === 'draining'}
            onClick={() => confirm({ action: 'drain', replica })}
          >
            Drain
          </button>
        </p>
      )}
    </article>
  );
}
