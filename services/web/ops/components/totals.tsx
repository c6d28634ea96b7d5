import type { Measure } from '../model/history.ts';
import { totals } from '../model/states.ts';
import { countText, msText } from '../model/text.ts';
import { history, now, replicas } from '../store.ts';
import { Chart } from './chart.tsx';

/** The totals of all replicas. */
export function Totals() {
  const { sockets, events, moves, p99, ready, all } = totals(replicas.value);
  const figures: [Measure, string, string, (value: number) => string][] = [
    ['sockets', 'Sockets', countText(sockets), countText],
    ['events', 'Events a second', countText(events), countText],
    ['moves', 'Moves a second', countText(moves), countText],
    ['p99', 'p99 of a move', msText(p99), msText],
  ];
  return (
    <section aria-labelledby="totals-title">
      <div class="ops-head">
        <h2 id="totals-title">Cluster</h2>
        <p class={ready < all ? 'ops-note ops-warn' : 'ops-note'} data-testid="ready">
          {ready} of {all} {all === 1 ? 'replica' : 'replicas'} ready
        </p>
      </div>
      <div class="totals">
        {figures.map(([measure, title, value, text]) => {
          const points = history.total(measure);
          const highest = Math.max(0, ...points.map((point) => point.value ?? 0));
          return (
            <div class="card total" key={measure} data-testid={`total-${measure}`}>
              <h3>{title}</h3>
              <p class="total-value">{value}</p>
              <Chart points={points} now={now.value} highest={highest} label={title} text={text} height={56} isScaled />
            </div>
          );
        })}
      </div>
    </section>
  );
}
