import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { CHAT } from '../../apps/grid/grid.ts';
import { type PlayerRef, toPlainText } from '../../protocol/index.ts';
import { sendChat } from '../actions.ts';
import { list } from '../model/format.ts';
import { chats, player, presences } from '../session.ts';

const NEAR_END_PX = 40;

/** A conversation: its players, its messages, and an input for a new message. */
export function ChatPanel({ channel, title }: { channel: string; title: string }) {
  const text = useSignal('');
  const log = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const lines = chats.value[channel] ?? [];

  useLayoutEffect(() => {
    if (atEnd.current && log.current) log.current.scrollTop = log.current.scrollHeight;
  }, [lines]);

  const submit = async (event: Event) => {
    event.preventDefault();
    const said = toPlainText(text.value);
    if (!said) return;
    text.value = '';
    atEnd.current = true;
    // A text that could not be sent goes back into the input, unless you have begun another one.
    if (!(await sendChat(channel, said)) && text.value === '') text.value = said;
  };

  return (
    <section class="card chat" aria-label={`${title} chat`}>
      <h2>{title}</h2>
      <PresenceLine channel={channel} />
      <div
        class="chat-log"
        ref={log}
        role="log"
        tabIndex={0}
        aria-label={`${title} messages`}
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
        }}
      >
        {lines.length === 0 && <p class="chat-empty">Nothing has been said yet.</p>}
        {lines.map((line) => (
          <p
            key={line.seq}
            class={line.player.id === player.value?.id ? 'mine' : ''}
            data-testid="chat-line"
            data-replica={line.replica}
          >
            <span class="author">{line.player.name}</span> <span class="said">{line.data.text}</span>
          </p>
        ))}
      </div>
      <form class="chat-form" onSubmit={(event) => void submit(event)}>
        <input
          type="text"
          data-testid="chat-input"
          aria-label={`Say something in ${title}`}
          placeholder="Say something"
          autocomplete="off"
          maxLength={CHAT.length}
          value={text.value}
          onInput={(event) => void (text.value = event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={toPlainText(text.value) === ''}>
          Send
        </button>
      </form>
    </section>
  );
}

const NAMED = 6;

/** How many are in a channel, and the names of the first of them. */
function PresenceLine({ channel }: { channel: string }) {
  const there = presences.value[channel];
  if (!there)
    return (
      <p class="presence" data-testid="presence">
        …
      </p>
    );
  const { count, players } = there;
  const nameOf = ({ id, name }: PlayerRef) => (id === player.value?.id ? `${name} (you)` : name);
  const names = players.slice(0, NAMED).map(nameOf);
  const others = count - names.length;
  const all = others > 0 ? [...names, `${others} more`] : names;
  return (
    <p class="presence" data-testid="presence" data-count={count} title={players.map(({ name }) => name).join(', ')}>
      <span class="presence-count">{count} here</span>{' '}
      {all.length > 0 && <span class="presence-names">{list(all)}</span>}
    </p>
  );
}
