import { useSignal } from '@preact/signals';
import { notify } from '../notices.ts';

const SHOWN_MS = 2000;

export function CopyButton({ text, label }: { text: string; label: string }) {
  const copied = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = true;
      setTimeout(() => void (copied.value = false), SHOWN_MS);
    } catch {
      const advice = 'The browser did not allow copying. Select the link and copy it.';
      notify({ kind: 'copy', tone: 'problem', text: advice });
    }
  };
  return (
    <button type="button" class="button primary copy" data-testid="copy-link" onClick={() => void copy()}>
      <span aria-live="polite">{copied.value ? 'Copied' : label}</span>
    </button>
  );
}
