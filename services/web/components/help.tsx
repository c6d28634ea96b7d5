import { type Signal, signal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { canVibrate } from '../feel/vibration.ts';
import { keepSwitch, sound, vibration } from '../preferences.ts';

/** Whether the help is open. */
const helpShown = signal(false);

const KEYS: readonly (readonly [keys: readonly string[], effect: string])[] = [
  [['←', '↑', '↓', '→'], 'move over the board'],
  [['H', 'J', 'K', 'L'], 'the same, as in vi'],
  [['Home', 'End'], 'first and last cell of the row'],
  [['Enter', 'Space'], 'capture the cell'],
  [['?'], 'show this help'],
  [['Esc'], 'close it'],
];

/** In a field, a question mark is text. */
const isWriting = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement && target.type !== 'checkbox';

/** The switch for the sound, and the button that opens the help. */
export function HelpButtons() {
  return (
    <div class="tools">
      <button
        type="button"
        class="tool"
        data-testid="sound"
        aria-pressed={sound.value}
        aria-label="Sound"
        title={sound.value ? 'Sound is on' : 'Sound is off'}
        onClick={() => keepSwitch(sound, !sound.value)}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5Z" fill="currentColor" />
          {sound.value ? <path d="M15 9a4 4 0 0 1 0 6M17.5 6.5a8 8 0 0 1 0 11" /> : <path d="m15.5 9.5 5 5m0-5-5 5" />}
        </svg>
      </button>
      <button
        type="button"
        class="tool"
        data-testid="help"
        aria-haspopup="dialog"
        aria-label="Keys and help"
        aria-keyshortcuts="?"
        title="Keys and help (?)"
        onClick={() => void (helpShown.value = true)}
      >
        ?
      </button>
    </div>
  );
}

/** The rules in a sentence, the keys, and what can be turned off. */
export function HelpDialog() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== '?' || event.ctrlKey || event.altKey || event.metaKey || isWriting(event.target)) return;
      event.preventDefault();
      helpShown.value = true;
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  useSignalEffect(() => {
    if (helpShown.value && !dialog.current?.open) dialog.current?.showModal();
  });
  return (
    <dialog
      ref={dialog}
      class="card help"
      data-testid="help-dialog"
      aria-labelledby="help-title"
      onClose={() => void (helpShown.value = false)}
      closedby="any"
    >
      <div class="help-body">
        <h2 id="help-title">How to play</h2>
        <p>
          Take free cells: click or tap them, or use the keys. A cell belongs to the first player who takes it. Most
          cells win.
        </p>
        <table class="keys">
          <caption class="visually-hidden">Keys</caption>
          <tbody>
            {KEYS.map(([keys, effect]) => (
              <tr key={effect}>
                <th scope="row">
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </th>
                <td>{effect}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <Switch label="Sound" of={sound} />
        {canVibrate() && <Switch label="Vibration" of={vibration} />}
        <button type="button" class="button primary" data-testid="help-close" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  );
}

function Switch({ label, of }: { label: string; of: Signal<boolean> }) {
  return (
    <label class="check">
      <input
        type="checkbox"
        data-testid={`switch-${label.toLowerCase()}`}
        checked={of.value}
        onChange={(event) => keepSwitch(of, event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}
