import { useSignal } from '@preact/signals';
import type { AnyRoomType } from '../../protocol/index.ts';
import { commandExamples, exampleOf } from './examples.ts';
import { create, health, join, leave, match, said, send, shown } from './rooms.ts';

/** A page for any application, without its rules: one room with its state and events, and its commands as JSON. */
export function Inspector({ room }: { room: AnyRoomType }) {
  const { state = 'connecting', replica = '' } = health.value ?? {};
  return (
    <main class="inspector">
      <header>
        <h1>{room.name}</h1>
        <p data-testid="connection">
          {state}
          {replica && `, replica ${replica}`}
        </p>
        {said.value && (
          <p class={said.value.isBad ? 'bad' : ''} role="status" data-testid="said">
            {said.value.text}
          </p>
        )}
      </header>
      {shown.value ? <Room room={room} /> : <Entrance room={room} />}
    </main>
  );
}

function Entrance({ room }: { room: AnyRoomType }) {
  const settings = useSignal(JSON.stringify(exampleOf(room.settings) ?? {}));
  const code = useSignal('');
  return (
    <section>
      <h2>Rooms</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void create(settings.value);
        }}
      >
        <label>
          Settings, as JSON
          <textarea
            data-testid="settings"
            value={settings.value}
            onInput={({ currentTarget }) => void (settings.value = currentTarget.value)}
          />
        </label>
        <button class="button" type="submit" data-testid="create">
          New room
        </button>
        <button class="button" type="button" onClick={() => void match(settings.value)}>
          Quick match
        </button>
      </form>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void join(code.value);
        }}
      >
        <label>
          Code of a room
          <input
            type="text"
            data-testid="code"
            value={code.value}
            onInput={({ currentTarget }) => void (code.value = currentTarget.value)}
          />
        </label>
        <button class="button" type="submit">
          Join
        </button>
      </form>
    </section>
  );
}

function Room({ room }: { room: AnyRoomType }) {
  const examples = commandExamples(room.command);
  const command = useSignal([...examples.values()][0] ?? '{}');
  const {
    room: { code },
    seq,
    state,
    events,
  } = shown.value!;
  return (
    <section>
      <h2>
        Room <span data-testid="room">{code}</span>
      </h2>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send(command.value);
        }}
      >
        <label>
          Command
          <select onChange={({ currentTarget }) => void (command.value = examples.get(currentTarget.value)!)}>
            {[...examples.keys()].map((kind) => (
              <option key={kind}>{kind}</option>
            ))}
          </select>
        </label>
        <label>
          As JSON
          <textarea
            data-testid="command"
            value={command.value}
            onInput={({ currentTarget }) => void (command.value = currentTarget.value)}
          />
        </label>
        <button class="button" type="submit" data-testid="send">
          Send
        </button>
        <button class="button" type="button" onClick={() => void leave()}>
          Leave
        </button>
      </form>
      <div class="columns">
        <div>
          <h3>State after event {seq}</h3>
          <pre data-testid="state">{JSON.stringify(state, null, 2)}</pre>
        </div>
        <div>
          <h3>Events</h3>
          <ol data-testid="events">
            {events.map((event) => (
              <li key={event.seq}>
                {event.seq} {event.text}
              </li>
            ))}
          </ol>
        </div>
      </div>
    </section>
  );
}
