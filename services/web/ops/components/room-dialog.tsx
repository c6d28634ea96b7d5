import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { ListedConnection, RoomEvent, RoomReport } from '../../../protocol/operator.ts';
import { agoText, durationText } from '../model/text.ts';
import { operator, readConnections, readEvents, readRoom } from '../operator.ts';
import { confirm, Dialog } from './confirm.tsx';

const EVENTS_A_PAGE = 50;

interface RoomDialogProps {
  readonly room: string;
  readonly onClose: () => void;
  readonly onChange: () => void;
}

interface Found {
  readonly report: RoomReport;
  readonly connections: readonly ListedConnection[];
  /** The newest first. */
  readonly events: readonly RoomEvent[];
  readonly isTrimmed: boolean;
}

/** A room: its state, its players and their connections, and its events. */
export function RoomDialog({ room, onClose, onChange }: RoomDialogProps) {
  const found = useSignal<Found | undefined>(undefined);
  const problem = useSignal('');
  const read = async () => {
    problem.value = '';
    try {
      found.value = await look(room);
    } catch (error) {
      problem.value = (error as Error).message;
    }
  };
  useEffect(() => void read(), []);
  const { report, connections = [], events = [], isTrimmed = false } = found.value ?? {};
  const closeProblem = operator.value?.unavailable.close;
  const earlier = async () => {
    const first = events.at(-1)?.seq ?? 1;
    const page = await readEvents(room, Math.max(0, first - 1 - EVENTS_A_PAGE), Math.min(EVENTS_A_PAGE, first - 1));
    const older = page.events.filter(({ seq }) => seq < first).reverse();
    found.value = { ...found.value!, events: [...events, ...older], isTrimmed: page.trimmed || older.length === 0 };
  };
  return (
    <Dialog title={`Room ${room}`} onClose={onClose} isWide>
      <p class="ops-problem" role="alert">
        {problem}
      </p>
      {report === undefined && problem.value === '' && <p class="ops-empty">Reading…</p>}
      {report !== undefined && (
        <div class="room" data-testid="room">
          <p class="ops-note">
            {[
              report.over ? 'over' : report.open ? 'waits for players' : 'goes on',
              `event ${report.seq} of epoch ${report.epoch}`,
              report.public ? 'anybody may watch' : 'for its members only',
              ...(report.over || report.deadline === null
                ? []
                : [`${durationText(report.deadline - report.now)} left`]),
            ].join(' · ')}
          </p>
          <div class="dialog-buttons">
            <button type="button" class="button small" onClick={() => void read()}>
              Refresh
            </button>
            {!report.over && closeProblem === undefined && (
              <button
                type="button"
                class="button small"
                onClick={() => confirm({ action: 'close', room }, () => void read().then(onChange))}
              >
                Close the room
              </button>
            )}
          </div>
          {!report.over && closeProblem !== undefined && <p class="ops-note">{closeProblem}</p>}
          <h3>Members</h3>
          <Members report={report} connections={connections} />
          <h3 id="state-title">State</h3>
          <pre class="code" tabIndex={0} role="group" aria-labelledby="state-title" data-testid="room-state">
            {JSON.stringify(report.state, null, 1)}
          </pre>
          <h3 id="history-title">History, the newest first</h3>
          <ol class="history" tabIndex={0} aria-labelledby="history-title" data-testid="room-history">
            {events.map(({ seq, at, event, over }) => (
              <li key={seq}>
                <b>{seq}</b>
                <span class="ops-mono">{JSON.stringify(event)}</span>
                <span class="ops-note">
                  {over ? 'the end, ' : ''}
                  {agoText(report.now - at)}
                </span>
              </li>
            ))}
          </ol>
          {(events.at(-1)?.seq ?? 1) > 1 &&
            (isTrimmed ? (
              <p class="ops-note">Earlier events are no longer kept.</p>
            ) : (
              <button type="button" class="button small" onClick={() => void earlier()}>
                Earlier events
              </button>
            ))}
        </div>
      )}
    </Dialog>
  );
}

async function look(room: string): Promise<Found> {
  const [report, { connections }] = await Promise.all([readRoom(room), readConnections({ room }, null)]);
  const { events, trimmed } = await readEvents(room, Math.max(0, report.seq - EVENTS_A_PAGE), EVENTS_A_PAGE);
  return { report, connections, events: [...events].reverse(), isTrimmed: trimmed };
}

/** The members and watchers of the room, and the replica of each. */
function Members({ report, connections }: Pick<Found, 'report' | 'connections'>) {
  const watchers = connections.filter(({ player }) => !report.members.some(({ id }) => id === player.id));
  const places = (id: string) => {
    const own = connections.filter(({ player }) => player.id === id);
    return own.length === 0
      ? 'not connected'
      : own.map(({ replica, transport }) => `${replica} by ${transport}`).join(', ');
  };
  if (report.members.length + watchers.length === 0) return <p class="ops-empty">Nobody is in it.</p>;
  return (
    <ul class="members">
      {report.members.map(({ id, name }) => (
        <li key={id}>
          <b>{name}</b> <span class="ops-mono ops-note">{id}</span> <span>{places(id)}</span>
        </li>
      ))}
      {watchers.map(({ id, player }) => (
        <li key={id}>
          <b>{player.name}</b> <span class="ops-mono ops-note">{player.id}</span>{' '}
          <span>watches, {places(player.id)}</span>
        </li>
      ))}
    </ul>
  );
}
