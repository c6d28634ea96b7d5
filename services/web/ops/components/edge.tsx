import { countText, rateText } from '../model/text.ts';
import { edge, edgeTrails, now } from '../store.ts';
import { Chart } from './chart.tsx';

/** Edge and Redis are asked every two seconds. */
export const FIGURES_GAP_MS = 7000;

/** What comes in, and what is refused. */
export function Edge() {
  const {
    problem,
    sessions,
    sessionLimit = 0,
    handshakesPerSecond = null,
    requestsPerSecond = null,
  } = edge.value ?? {};
  const refusals = [...(edge.value?.refusals ?? [])].filter(({ total }) => total > 0);
  refusals.sort((one, other) => other.total - one.total);
  const figures: [keyof typeof edgeTrails, string, string, string][] = [
    ['sessions', 'Sessions', sessions === undefined ? '–' : countText(sessions), `of ${countText(sessionLimit)}`],
    ['handshakes', 'TLS handshakes', rateText(handshakesPerSecond), 'a second'],
    ['requests', 'Requests', rateText(requestsPerSecond), 'a second'],
  ];
  return (
    <section class="card panel" aria-labelledby="edge-title" data-testid="edge">
      <h2 id="edge-title">Edge</h2>
      {edge.value === undefined && <p class="ops-empty">The edge has not been asked yet.</p>}
      {problem !== undefined && <p class="ops-empty">{problem}</p>}
      {edge.value !== undefined && problem === undefined && (
        <>
          <dl class="figures">
            {figures.map(([trail, title, value, unit]) => (
              <div key={trail} class="figure">
                <dt>{title}</dt>
                <dd class="figure-value" data-testid={`edge-${trail}`}>
                  {value} <small>{unit}</small>
                </dd>
                <dd class="figure-curve">
                  <Chart
                    points={edgeTrails[trail].points}
                    now={now.value}
                    highest={edgeTrails[trail].highest}
                    label={title}
                    text={trail === 'sessions' ? countText : rateText}
                    height={32}
                    gapMs={FIGURES_GAP_MS}
                  />
                </dd>
              </div>
            ))}
          </dl>
          <h3>Refused since its start</h3>
          {refusals.length === 0 && <p class="ops-empty">Nothing.</p>}
          <ul class="refusals" data-testid="refusals">
            {refusals.map(({ reason, total, perSecond }) => (
              <li key={reason}>
                <span>{reason.replaceAll('_', ' ')}</span>
                <b>{countText(total)}</b>
                <span class="ops-note">{perSecond === null ? '' : `${rateText(perSecond)} a second`}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
