import { certificateLevel, EVENT_TEXT, roleOf, shareLeft } from '../model/states.ts';
import { agoText, durationText, figuresOf, figureText } from '../model/text.ts';
import { operator } from '../operator.ts';
import { chain, events, now, run } from '../store.ts';
import { confirm } from './confirm.tsx';

/** The chain that the edge serves to a new client, and how long each certificate is valid. */
export function Certificates() {
  const { endpoint, certificates = [], problem } = chain.value ?? {};
  return (
    <section class="card panel" aria-labelledby="certificates-title">
      <div class="ops-head">
        <h2 id="certificates-title">Certificates</h2>
        {endpoint !== undefined && <p class="ops-note ops-mono">{endpoint}</p>}
      </div>
      {chain.value === undefined && <p class="ops-empty">There is no report of the edge yet.</p>}
      {problem !== undefined && (
        <p class="ops-problem" role="alert">
          {problem}
        </p>
      )}
      <ul class="certificates" data-testid="certificates">
        {certificates.map((certificate, index) => {
          const { subject, names, notAfter } = certificate;
          const level = certificateLevel(certificate, now.value);
          const left = notAfter - now.value;
          const percent = Math.round(shareLeft(certificate, now.value) * 100);
          return (
            <li key={`${subject}-${notAfter}`} class={`certificate certificate-${level}`}>
              <div class="certificate-head">
                <b>{roleOf(certificates, index)}</b>
                <span class="certificate-left">{left > 0 ? `${durationText(left)} left` : 'expired'}</span>
              </div>
              <p class="certificate-name">{index === 0 && names.length > 0 ? names.join(', ') : subject}</p>
              <svg
                viewBox="0 0 100 4"
                preserveAspectRatio="none"
                role="img"
                aria-label={`${percent} % of its life is left`}
              >
                <rect class="bar-whole" width="100" height="4" />
                <rect class="bar-left" width={percent} height="4" />
              </svg>
              <p class="ops-note">until {new Date(notAfter).toISOString().slice(0, 16).replace('T', ' ')} UTC</p>
            </li>
          );
        })}
      </ul>
      <Rotate />
    </section>
  );
}

/** Replaces the leaf, if that is possible from here. */
function Rotate() {
  if (operator.value === undefined) return null;
  const problem = operator.value.unavailable.rotate;
  if (problem !== undefined) return <p class="ops-note certificates-note">{problem}</p>;
  return (
    <button type="button" class="button small certificates-note" onClick={() => confirm({ action: 'rotate' })}>
      Rotate the certificate
    </button>
  );
}

/** Events of the replicas, newest first. */
export function Events() {
  const all = events.value;
  return (
    <section class="card panel" aria-labelledby="events-title">
      <h2 id="events-title">Faults, drains and operators</h2>
      {all === undefined && <p class="ops-empty">There is no report of Redis yet.</p>}
      {all?.length === 0 && <p class="ops-empty">Nothing has happened in the last seven days.</p>}
      {all !== undefined && all.length > 0 && (
        <ol class="events" tabIndex={0} aria-labelledby="events-title" data-testid="events">
          {all.map(({ id, at, replica, kind, text }) => (
            <li key={id} data-kind={kind} data-replica={replica}>
              <span class={`chip event-${kind}`}>{EVENT_TEXT[kind]}</span>
              <span class="event-text">
                <b>{replica}</b> {text}
              </span>
              <time dateTime={new Date(at).toISOString()} title={new Date(at).toLocaleString()}>
                {agoText(now.value - at)}
              </time>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

const MOST_FIGURES = 12;

/** The result of the last load run. */
export function LastRun() {
  const it = run.value;
  return (
    <section class="card panel" aria-labelledby="run-title" data-testid="run">
      <div class="ops-head">
        <h2 id="run-title">Last load run</h2>
        {it && <p class={`chip ${it.passed ? 'chip-ready' : 'chip-gone'}`}>{it.passed ? 'Passed' : 'Failed'}</p>}
      </div>
      {it === undefined && <p class="ops-empty">There is no report of Redis yet.</p>}
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
