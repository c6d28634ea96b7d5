import { notices, withdraw } from '../notices.ts';

/** Messages over the page: nothing below moves when one comes or goes. */
export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ kind, text, tone, action, lasting }) => (
        <div key={kind} class={`notice notice-${tone}`} data-testid="notice" data-kind={kind}>
          <p>{text}</p>
          {action && (
            <button type="button" class="button small" onClick={action.run}>
              {action.label}
            </button>
          )}
          {!lasting && (
            <button type="button" class="close" aria-label="Dismiss" onClick={() => withdraw(kind)}>
              ×
            </button>
          )}
        </div>
      ))}
    </div>
  );
}
