import { EVENT_TEXT } from '../model/states.ts';
import { agoText } from '../model/text.ts';
import { events, now } from '../store.ts';

/** What happened to the replicas, the newest first. */
export function Events() {
  const all = events.value;
  return (
    <section class="card panel" aria-labelledby="events-title">
      <h2 id="events-title">Faults and drains</h2>
      {all === undefined && <p class="ops-empty">Redis has not been read yet.</p>}
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
