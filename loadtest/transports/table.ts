import type { Transport } from '../../services/protocol/index.ts';
import type { Measured } from './measure.ts';

const NAMES: Readonly<Record<Transport, string>> = {
  websocket: 'WebSocket',
  sse: 'server-sent events and POST',
  poll: 'long polling and POST',
};

const one = (value: number) => value.toFixed(1);
const whole = (value: number) => String(Math.round(value));
const ROWS: readonly [string, (measured: Measured) => string][] = [
  ['move, round trip p50 (ms)', ({ p50 }) => one(p50)],
  ['move, round trip p99 (ms)', ({ p99 }) => one(p99)],
  ['bytes on the wire per event', ({ bytesPerEvent }) => whole(bytesPerEvent)],
  ['requests per event', ({ requestsPerEvent }) => requestsPerEvent.toFixed(2)],
  ['CPU of the replicas per event (µs)', ({ replicaMicrosPerEvent }) => whole(replicaMicrosPerEvent)],
  ['CPU of the edge per event (µs)', ({ edgeMicrosPerEvent }) => whole(edgeMicrosPerEvent)],
  ['idle: bytes a minute', ({ idleBytesPerMinute }) => whole(idleBytesPerMinute)],
  ['idle: requests a minute', ({ idleRequestsPerMinute }) => one(idleRequestsPerMinute)],
  ['idle: CPU of replicas and edge a minute (µs)', ({ idleMicrosPerMinute }) => whole(idleMicrosPerMinute)],
];

/** The transports side by side, as Markdown. */
export function markdown(measured: readonly Measured[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...measured.map(({ transport }) => NAMES[transport])]),
    line(['---', ...measured.map(() => '---:')]),
    ...ROWS.map(([name, value]) => line([name, ...measured.map(value)])),
    '',
  ].join('\n');
}
