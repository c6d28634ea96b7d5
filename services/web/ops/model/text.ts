/** Keeps a figure and its unit on one line. */
const NARROW = '\u00a0';
const whole = new Intl.NumberFormat('en');

/** `0`, `12`, `1,234`, `12.3 k`. */
export function countText(value: number): string {
  if (value < 10_000) return whole.format(Math.round(value));
  return value < 1_000_000 ? `${(value / 1000).toFixed(1)}${NARROW}k` : `${(value / 1_000_000).toFixed(1)}${NARROW}M`;
}

/** A rate per second: a dash for none, one decimal for small rates. */
export const rateText = (value: number | null): string =>
  value === null ? '–' : value < 10 ? String(Math.round(value * 10) / 10) : countText(value);

/** Milliseconds: a dash for none, one decimal below ten. */
export function msText(value: number | null): string {
  if (value === null) return '–';
  const digits = value < 10 ? 1 : 0;
  return value < 10_000 ? `${value.toFixed(digits)}${NARROW}ms` : `${(value / 1000).toFixed(1)}${NARROW}s`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long something lasts, in its largest unit or two: `8 s`, `3 min 20 s`, `2 h 5 min`, `6 days`. */
export function durationText(ms: number): string {
  if (ms < MINUTE) return `${Math.max(0, Math.floor(ms / SECOND))}${NARROW}s`;
  if (ms < HOUR) {
    const seconds = Math.floor((ms % MINUTE) / SECOND);
    const minutes = `${Math.floor(ms / MINUTE)}${NARROW}min`;
    return ms < 10 * MINUTE && seconds > 0 ? `${minutes} ${seconds}${NARROW}s` : minutes;
  }
  if (ms < 2 * DAY) {
    const minutes = Math.floor((ms % HOUR) / MINUTE);
    const hours = `${Math.floor(ms / HOUR)}${NARROW}h`;
    return ms < DAY && minutes > 0 ? `${hours} ${minutes}${NARROW}min` : hours;
  }
  const days = Math.floor(ms / DAY);
  return days < 2 * 365 ? `${days} days` : `${(days / 365).toFixed(1)} years`;
}

/** How long ago, for a list that is read while it grows. */
export const agoText = (ms: number): string => (ms < SECOND ? 'now' : `${durationText(ms)} ago`);

/** Bytes in MB. */
export const memoryText = (bytes: number): string => `${Math.round(bytes / 1_000_000)}${NARROW}MB`;

/** The figures of a summary, with `p99_ms` written as `p99 ms`. Nested values are left out. */
export function figuresOf(summary: Readonly<Record<string, unknown>>, most: number): [string, string][] {
  return Object.entries(summary)
    .filter(([, value]) => ['number', 'string', 'boolean'].includes(typeof value))
    .slice(0, most)
    .map(([name, value]) => [name.replaceAll('_', ' '), figureText(value)]);
}

/** A value of a load run. */
export function figureText(value: unknown): string {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  return whole.format(Math.abs(value) < 100 ? Math.round(value * 100) / 100 : Math.round(value));
}
