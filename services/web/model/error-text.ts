import type { REFUSALS } from '../../apps/grid/rules.ts';
import type { ClientErrorCode, ClosedReason } from '../../client/index.ts';
import type { ErrorCode } from '../../protocol/index.ts';

/** What the page says for each error of the server and of the client, in the words of a player. */
export const ERROR_TEXT: Readonly<Record<ErrorCode | ClientErrorCode | keyof typeof REFUSALS, string>> = {
  bad_json: 'The server could not read that. Reload the page to get its newest version.',
  bad_message: 'The server did not accept that. Check what you entered, or reload the page.',
  unknown_type: 'The server does not know that action. Reload the page to get its newest version.',
  rate_limited: 'That was a bit fast. Wait a moment, then go on.',
  unavailable: 'The server cannot reach its store right now. The page will try again.',
  internal: 'Something went wrong on the server. Please try again.',
  app_failed: 'The game has a fault and could not do this. Try again in a moment.',
  draining: 'This server is being replaced. You are being moved to another one.',
  too_many_games: 'You are in too many games at once. Leave one and try again.',
  cluster_full: 'There are as many games as fit right now. Try again in a moment.',
  game_not_found: 'There is no game with this code. It may have ended a while ago.',
  game_full: 'All seats in this game are taken.',
  game_not_active: 'The game has not begun yet.',
  game_over: 'This game has ended.',
  not_a_player: 'You are not in this game.',
  cell_taken: 'Somebody was faster: the cell is taken.',
  cell_out_of_range: 'This cell is not on the board.',
  unauthorized: 'The server no longer knows this page. Reload it to go on.',
  superseded: 'You are playing in another tab now.',
  room_too_large: 'There is no more room in this game.',
  channel_not_found: 'There is no such conversation.',
  not_allowed: 'You may not do this here.',
  too_many_channels: 'You are in too many conversations at once. Leave a game and try again.',
  not_subscribed: 'You are not in this conversation any more.',
  id_reused: 'The server already has another request with this id. Please try again.',
  timeout: 'The server did not answer in time. Please try again.',
  queue_full: 'Too many requests are waiting for the server. Wait a moment, then go on.',
  queue_expired: 'There was no connection for too long, so this was not sent.',
  closed: 'You are not connected. Connect again to go on.',
  connection_lost: 'The connection broke before the server answered. Please try again.',
  connect_failed: 'The server cannot be reached right now.',
  session_refused: 'The server did not let this page in. Reload it to try again.',
  session_unavailable: 'The server cannot be reached right now to let you in.',
  wrong_address: 'The server cannot be reached at this address.',
  protocol_error: 'The server sent a message that this page does not know. Reload it to get its newest version.',
};

/** What the page says when the connection was closed and will not reconnect automatically. */
const CLOSED_TEXT: Partial<Record<ClosedReason, string>> = {
  superseded: 'You are playing in another tab.',
  disconnected: 'You were disconnected. Connect again to go on.',
  badMessages: 'The server refused too many messages of this page. Reload it to go on.',
  unknownSubprotocol: 'The server has another version. Reload the page to get the newest one.',
  session_refused: ERROR_TEXT.session_refused,
};

/** The sentence for a connection that stays closed; `message` is the client's, which ends with what the server said. */
export function closedText(reason: ClosedReason | undefined, message = ''): string {
  const said = /\b4\d\d to the request for a session: (.+)$/s.exec(message)?.[1];
  if (reason === 'session_refused' && said !== undefined) return `The server did not let this page in. ${said}`;
  return (reason && CLOSED_TEXT[reason]) ?? 'The connection was closed. Connect again to go on.';
}

/** The sentence for any failure of a request. */
export function errorText(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  const known = typeof code === 'string' && Object.hasOwn(ERROR_TEXT, code);
  return known ? ERROR_TEXT[code as keyof typeof ERROR_TEXT] : 'Something went wrong. Please try again.';
}
