import { signal } from '@preact/signals';

/** A message above the page. It replaces an older message of the same `kind`. */
interface Notice {
  readonly kind: string;
  readonly text: string;
  readonly tone: 'info' | 'problem';
  /** Something to decide: the notice stays until it is dismissed or withdrawn. */
  readonly action?: { readonly label: string; readonly run: () => void };
  /** Stays until it is withdrawn: it reports a state, not an event. */
  readonly lasting?: boolean;
}

const SHOWN_MS = 6000;
const timers = new Map<string, ReturnType<typeof setTimeout>>();

export const notices = signal<readonly Notice[]>([]);

export function notify(notice: Notice): void {
  withdraw(notice.kind);
  notices.value = [...notices.value, notice];
  if (!notice.lasting && !notice.action)
    timers.set(
      notice.kind,
      setTimeout(() => withdraw(notice.kind), SHOWN_MS),
    );
}

export function withdraw(kind: string): void {
  clearTimeout(timers.get(kind));
  timers.delete(kind);
  if (notices.value.some((notice) => notice.kind === kind)) {
    notices.value = notices.value.filter((notice) => notice.kind !== kind);
  }
}
