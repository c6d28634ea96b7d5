// The values of each label of a replica's counters. Types check that the lists are complete: a value that a module may
// count and that is missing here does not compile.
import { CLOSE_CODES, type ClientMessage, ERROR_CODES, type ServerMessage } from '../../protocol/index.ts';
import type { RoomCommand } from '../authority/room-command.ts';
import type { Why } from '../cluster/shedding.ts';
import type { History } from '../history/history.ts';
import type { StoreConnection } from '../redis/connect.ts';
import type { RefusedReason } from '../session/handshake.ts';
import type { SpanOutcome } from '../traces/traces.ts';
import type { Asked } from '../transport/relay.ts';

const each = <Value extends string>(values: Readonly<Record<Value, 1>>): readonly Value[] =>
  Object.keys(values) as Value[];

export const REFUSED_REASONS = each<RefusedReason | 'subprotocol'>({
  path: 1,
  version: 1,
  subprotocol: 1,
  draining: 1,
  origin: 1,
  token: 1,
  issuer: 1,
  late: 1,
  store: 1,
  store_full: 1,
  full: 1,
  players: 1,
  address: 1,
  refusals: 1,
  sockets: 1,
  internal: 1,
});

/** `command` is any command of the application, `refused` what could not be read. */
export const MESSAGES_IN = each<ClientMessage['type'] | 'refused'>({
  ping: 1,
  create: 1,
  join: 1,
  match: 1,
  leave: 1,
  resume: 1,
  publish: 1,
  subscribe: 1,
  unsubscribe: 1,
  watch: 1,
  refresh: 1,
  command: 1,
  refused: 1,
});

export const MESSAGES_OUT = each<ServerMessage['type']>({
  welcome: 1,
  pong: 1,
  ack: 1,
  snapshot: 1,
  event: 1,
  message: 1,
  history: 1,
  presence: 1,
  watchers: 1,
  signal: 1,
  going_away: 1,
  error: 1,
});

/** Of the kernel; an application has more. */
export const ERRORS: readonly string[] = Object.keys(ERROR_CODES);

/** 1005: closed without a code. `other`: a code that the protocol does not have. */
export const CLOSED_WITH: readonly string[] = [
  ...Object.values(CLOSE_CODES).map(({ code }) => String(code)),
  '1005',
  'other',
];

export const ENTRIES = each<History['type']>({ event: 1, message: 1 });
export const COMMAND_KINDS = each<RoomCommand['kind']>({ enter: 1, leave: 1, act: 1, deadline: 1, close: 1 });
export const REASONS_TO_SHED = each<Why>({ mean: 1, probe: 1, moved: 1, asked: 1 });
export const ASKED_KINDS = each<Asked['kind']>({ poll: 1, send: 1 });
/** `dropped`: the queue was full, because the collector was slow or unreachable. */
export const SPAN_OUTCOMES = each<SpanOutcome>({ exported: 1, failed: 1, dropped: 1 });
export const STORE_CONNECTIONS = each<StoreConnection>({ commands: 1, bus: 1, reads: 1 });
