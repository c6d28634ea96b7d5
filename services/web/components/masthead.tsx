import type { ConnectionState, Health } from '../../client/index.ts';
import { count, formatRoundTrip } from '../model/format.ts';
import { health } from '../session.ts';

const STATES: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting…',
  open: 'Connected',
  reconnecting: 'Reconnecting…',
  closed: 'Offline',
};

/** The transports for networks that do not let a WebSocket through. */
const TRANSPORT_NAMES: Readonly<Record<Health['transport'], string>> = {
  websocket: 'WebSocket',
  sse: 'event stream',
  poll: 'polling',
};

/** The replica that the page is connected to, and the quality of the connection. */
export function HealthLine() {
  const {
    state = 'connecting',
    transport = 'websocket',
    replica,
    roundTripMs,
    reconnects = 0,
    pending = 0,
  } = health.value ?? {};
  const queued = pending > 0 && state !== 'open';
  return (
    <dl class={`health health-${state}`}>
      <div class="health-state">
        <dt class="visually-hidden">Connection</dt>
        <dd data-testid="connection-state" data-state={state}>
          {STATES[state]}
          {queued && (
            <>
              {' '}
              · {pending}
              <span class="health-word"> waiting</span>
            </>
          )}
        </dd>
      </div>
      <div>
        <dt class="health-label">Replica</dt>
        <dd class="health-replica" data-testid="health-replica">
          {replica ?? '–'}
        </dd>
      </div>
      <div hidden={transport === 'websocket'}>
        <dt class="visually-hidden">Transport</dt>
        <dd data-testid="health-transport" data-transport={transport}>
          {TRANSPORT_NAMES[transport]}
        </dd>
      </div>
      <div>
        <dt class="visually-hidden">Round trip</dt>
        <dd class="health-rtt" data-testid="health-rtt">
          {formatRoundTrip(roundTripMs)}
        </dd>
      </div>
      <div>
        <dt class="visually-hidden">Reconnects</dt>
        <dd data-testid="health-reconnects" data-count={reconnects}>
          {count(reconnects, 'reconnect')}
        </dd>
      </div>
    </dl>
  );
}
