import * as v from 'valibot';
import {
  CLIENT_MESSAGE_TYPES,
  type ClientMessage,
  type ClientMessageInput,
  Command,
  KernelMessage,
  RequestId,
} from './client-messages.ts';
import type { ErrorCode } from './codes.ts';
import { LIMITS } from './limits.ts';
import { ServerMessage } from './server-messages.ts';
import { CODE_ALPHABET, CODE_LENGTH } from './types.ts';

/** The WebSocket subprotocol, and with it the version of everything in this folder. */
export const SUBPROTOCOL = 'gridlock.v1';
/**
 * The prefix of a token that a page sends as a subprotocol, since it cannot set a header. The server reads this
 * subprotocol and never selects it.
 */
export const TOKEN_PROTOCOL = `${SUBPROTOCOL}.bearer.`;

/** A frame that is not a message: `code` is the `error` to answer with, `id` the request it belonged to. */
export interface Refusal {
  readonly code: Extract<ErrorCode, 'bad_json' | 'bad_message' | 'unknown_type'>;
  readonly message: string;
  readonly id?: string;
}

type Decoded = { ok: true; message: ClientMessage } | { ok: false; refusal: Refusal };

/** Reads one text frame of a client. Never throws: a bad frame becomes a refusal with a sentence. */
export function decodeClientFrame(text: string): Decoded {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse('bad_json', 'The frame is not JSON; send one JSON object a frame.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse('bad_message', 'The frame is not a JSON object; send one message object a frame.');
  }
  const { type, id, game } = value as { type?: unknown; id?: unknown; game?: unknown };
  const readableId = v.is(RequestId, id) ? id : undefined;
  if (typeof type === 'string' && CLIENT_MESSAGE_TYPES.has(type)) {
    const parsed = v.safeParse(KernelMessage, value, { abortPipeEarly: true });
    if (parsed.success) return { ok: true, message: parsed.output };
    return refuse('bad_message', fieldProblem(parsed.issues[0], `"${type}"`), readableId);
  }
  if (typeof type !== 'string' || game === undefined) {
    const known = [...CLIENT_MESSAGE_TYPES].join(', ');
    const sentence = `A message without a game must have one of these types: ${known}.`;
    return refuse('unknown_type', sentence, readableId);
  }
  if (!isPlainCommand(value)) {
    const parsed = v.safeParse(Command, value, { abortPipeEarly: true });
    if (!parsed.success) return refuse('bad_message', fieldProblem(parsed.issues[0], 'a command'), readableId);
  }
  return { ok: true, message: toCommand(value as v.InferOutput<typeof Command>) };
}

function toCommand({ type: kind, id, game, ...fields }: v.InferOutput<typeof Command>): ClientMessage {
  return { type: 'command', id, game, command: { kind, ...fields } };
}

const KIND = /^[a-z][A-Za-z0-9_-]{0,31}$/;
const ID = new RegExp(`^[A-Za-z0-9_-]{1,${LIMITS.idLength}}$`);
const CODE = new RegExp(`^[${CODE_ALPHABET}]{${CODE_LENGTH}}$`);

/** Most messages are commands. A frame that is clearly a command skips the schema, which takes longer. */
function isPlainCommand(value: object): boolean {
  const { type, id, game } = value as Record<string, unknown>;
  if (typeof type !== 'string' || typeof id !== 'string' || typeof game !== 'string') return false;
  return KIND.test(type) && ID.test(id) && CODE.test(game);
}

/** Reads one text frame of a server: one message or an array of them. Throws a `ProtocolError` on anything else. */
export function decodeServerFrame(text: string): ServerMessage[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError('The server sent a frame that is not JSON.');
  }
  const items = Array.isArray(value) ? value : [value];
  const messages: ServerMessage[] = [];
  for (const item of items) {
    const parsed = v.safeParse(ServerMessage, item);
    if (parsed.success) messages.push(parsed.output);
    // A newer server may send types that this client does not know; the types that it knows must be well-formed.
    else if (isKnownServerType(item)) throw new ProtocolError(`The server sent a malformed "${item.type}" message.`);
  }
  return messages;
}

/** The fault of a field of `what`, as a sentence for its sender. */
export function fieldProblem(issue: v.BaseIssue<unknown>, what: string): string {
  const field = (v.getDotPath(issue) ?? 'body').slice(0, 40);
  // The value itself is never repeated, as it may be large or try to control a terminal.
  const found = /^(is|has) /.test(issue.message)
    ? issue.message
    : `is not valid: expected ${issue.expected ?? 'something else'}`;
  return `The field "${field}" of ${what} ${found}.`;
}

const SERVER_TYPES: ReadonlySet<string> = new Set(ServerMessage.options.map((option) => option.entries.type.literal));

function isKnownServerType(item: unknown): item is { type: string } {
  const type = (item as { type?: unknown } | null)?.type;
  return typeof type === 'string' && SERVER_TYPES.has(type);
}

export const encodeClientMessage = (message: ClientMessageInput): string => JSON.stringify(message);
export const encodeServerMessage = (message: ServerMessage): string => JSON.stringify(message);

export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

function refuse(code: Refusal['code'], message: string, id?: string): Decoded {
  return { ok: false, refusal: { code, message, ...(id === undefined ? {} : { id }) } };
}
