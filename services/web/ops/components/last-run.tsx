import { agoText, durationText, figuresOf, figureText } from '../model/text.ts';
import { now, run } from '../store.ts';

const MOST_FIGURES = 12;

/** What the last load run said. */
export function LastRun() {
  const it = run.value;
  return (
    <section class="card panel" aria-labelledby="run-title" data-testid="run">
      <div class="ops-head">
        <h2 id="run-title">Last load run</h2>
        {it && <p class={`chip ${it.passed ? 'chip-ready' : 'chip-gone'}`}>{it.passed ? 'Passed' : 'Failed'}</p>}
      </div>
      {it === undefined && <p class="ops-empty">Redis has not been read yet.</p>}
      {it === null && (
        <p class="ops-empty">
          None in the last thirty days. <code>npm run load -- smoke</code> makes one.
        </p>
      )}
      {it && (
        <>
          <p class="run-line">
            <b>{it.scenario}</b>, {agoText(now.value - it.startedAt)}, for {durationText(it.seconds * 1000)}
          </p>
          {it.thresholds.length > 0 && (
            <table class="thresholds">
              <thead>
                <tr>
                  <th scope="col">Threshold</th>
                  <th scope="col">Value</th>
                  <th scope="col">Result</th>
                </tr>
              </thead>
              <tbody>
                {it.thresholds.map(({ name, passed, value }) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td>{figureText(value)}</td>
                    <td class={passed ? 'ops-good' : 'ops-bad'}>{passed ? 'passed' : 'failed'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          <dl class="run-figures">
            {figuresOf(it.summary, MOST_FIGURES).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}
