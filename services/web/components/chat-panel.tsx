import { useSignal } from '@preact/signals';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { LIMITS, toPlainText } from '../../protocol/index.ts';
import { sendChat } from '../actions.ts';
import { chats, player } from '../session.ts';
import { PresenceLine } from './presence-line.tsx';

const NEAR_END_PX = 40;

/** A conversation: who is there, what was said, and a line to say something. */
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
    // What could not be said goes back into the line, unless something else is being written by now.
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
          <p key={line.seq} class={line.player.id === player.value?.id ? 'mine' : ''} data-testid="chat-line">
            <span class="author">{line.player.name}</span>{' '}
            <span class="said">
              <span class="replica-tag">{line.replica}:</span>
              {line.text}
            </span>
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
          maxLength={LIMITS.chatLength}
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
