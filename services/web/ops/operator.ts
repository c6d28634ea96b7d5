import { signal } from '@preact/signals';
import {
  type ConnectionPage,
  type ConnectionPlace,
  OPERATOR_PATH,
  type OperatorAction,
  type OperatorOutcome,
  type OperatorSession,
  type RoomEvents,
  type RoomPage,
  type RoomReport,
} from '../../protocol/operator.ts';

/** Kept as long as the tab is open, including reloads. */
const KEPT = 'gridlock-operator-key';

/** Undefined until an operator has signed in. */
export const operator = signal<OperatorSession | undefined>(undefined);

/** What the server refused, as a sentence. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

let key: string | undefined;

/** Signs in with a key. Rejects with an `OperatorError` if the key is not valid. */
export async function signIn(given: string): Promise<void> {
  key = given.trim();
  try {
    operator.value = await ask<OperatorSession>('session');
    sessionStorage.setItem(KEPT, key);
  } catch (error) {
    signOut();
    throw error;
  }
}

/** Signs in with the key that the tab has kept, if it is still valid. */
export async function signInAgain(): Promise<void> {
  const kept = sessionStorage.getItem(KEPT);
  if (kept !== null) await signIn(kept).catch(() => undefined);
}

export function signOut(): void {
  key = undefined;
  operator.value = undefined;
  sessionStorage.removeItem(KEPT);
}

/** Carries out an action. Resolves with its result, as a sentence. */
export async function act(request: OperatorAction): Promise<string> {
  const { text } = await ask<OperatorOutcome>('actions', { body: JSON.stringify({ id: newId(), request }) });
  return text;
}

/** Not `randomUUID`, which is missing on a page over plain http. */
const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');

export const readRooms = (search: string, cursor: string | null): Promise<RoomPage> =>
  ask(`rooms?${new URLSearchParams({ search, limit: '25', ...(cursor === null ? {} : { cursor }) })}`);

export const readRoom = (room: string): Promise<RoomReport> => ask(`rooms/${room}`);

export const readEvents = (room: string, after: number, limit: number): Promise<RoomEvents> =>
  ask(`rooms/${room}/events?${new URLSearchParams({ after: String(after), limit: String(limit) })}`);

export function readConnections(
  asked: { search?: string; room?: string },
  after: ConnectionPlace | null,
): Promise<ConnectionPage> {
  const place = after === null ? {} : { since: String(after.since), id: after.id };
  return ask(`connections?${new URLSearchParams({ ...asked, limit: '25', ...place })}`);
}

async function ask<T>(path: string, { body }: { body?: string } = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`${OPERATOR_PATH}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    throw new OperatorError('The replica does not answer. Open the page of another one, or wait until it is back.');
  }
  if (response.ok) return (await response.json()) as T;
  const text = await response.text();
  if (response.status === 401) operator.value = undefined;
  throw new OperatorError(sentenceOf(text) ?? `The replica answered ${response.status}.`);
}

function sentenceOf(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { message?: string }).message;
  } catch {
    return text.trim() || undefined;
  }
}
