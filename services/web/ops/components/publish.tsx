import { useSignal } from '@preact/signals';
import { confirm } from './confirm.tsx';

/** A message to everybody who is subscribed to a channel. */
export function Publish() {
  const channel = useSignal('lobby');
  const data = useSignal('{"text":""}');
  const problem = useSignal('');
  const submit = (event: Event) => {
    event.preventDefault();
    try {
      problem.value = '';
      confirm({ action: 'publish', channel: channel.value.trim(), data: JSON.parse(data.value) });
    } catch {
      problem.value = 'The message is not JSON.';
    }
  };
  return (
    <section class="card panel" aria-labelledby="publish-title" data-testid="publish">
      <h2 id="publish-title">Publish</h2>
      <form class="publish" onSubmit={submit}>
        <label class="field">
          <span class="label">Channel</span>
          <input
            required
            value={channel.value}
            onInput={({ currentTarget }) => (channel.value = currentTarget.value)}
          />
        </label>
        <label class="field">
          <span class="label">Message, as JSON</span>
          <textarea
            class="ops-mono"
            required
            rows={2}
            value={data.value}
            aria-invalid={problem.value !== ''}
            onInput={({ currentTarget }) => (data.value = currentTarget.value)}
          />
        </label>
        <button type="submit" class="button small">
          Publish
        </button>
        <p class="ops-problem" role="alert">
          {problem}
        </p>
      </form>
    </section>
  );
}
