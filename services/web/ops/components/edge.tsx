import { countText, rateText } from '../model/text.ts';
import { edge, edgeTrails } from '../store.ts';
import { Figure } from './figure.tsx';

/** Incoming and refused connections. */
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
      {edge.value === undefined && <p class="ops-empty">There is no report of the edge yet.</p>}
      {problem !== undefined && <p class="ops-empty">{problem}</p>}
      {edge.value !== undefined && problem === undefined && (
        <>
          <dl class="figures">
            {figures.map(([trail, title, value, unit]) => (
              <Figure
                key={trail}
                title={title}
                label={title}
                testId={`edge-${trail}`}
                trail={edgeTrails[trail]}
                text={trail === 'sessions' ? countText : rateText}
              >
                {value} <small>{unit}</small>
              </Figure>
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
