import { hash } from 'node:crypto';
import type { AnyCommand } from '../../protocol/index.ts';
import type { Asker } from './game-authority.ts';

/** How a player becomes a member. */
export type Mode = 'create' | 'join' | 'match';

export type ByPlayer = Asker & { readonly id: string };

/** A request about a room, as one replica passes it on to another. */
export type RoomCommand =
  | ({ readonly kind: 'enter'; readonly mode: Mode; readonly settings?: unknown } & ByPlayer)
  | ({ readonly kind: 'leave' } & ByPlayer)
  | ({ readonly kind: 'act'; readonly command: AnyCommand } & ByPlayer)
  | { readonly kind: 'deadline' }
  /** An operator, known by the name of the key, ends the room. */
  | { readonly kind: 'close'; readonly operator: string; readonly id: string };

/** A longer fingerprint is kept as a digest. */
const MOST_FINGERPRINT = 64;

/**
 * Distinguishes requests with the same id; it is the same on every replica. Requests of a backend also differ by the
 * player.
 */
export function fingerprintOf(command: Exclude<RoomCommand, { kind: 'deadline' | 'close' }>): string {
  const whose = 'backend' in command ? `${command.player.id} ` : '';
  if (command.kind === 'leave') return `${whose}leave`;
  const [kind, value] = command.kind === 'act' ? ['act', command.command] : [command.mode, command.settings];
  if (value === undefined) return `${whose}${kind}`;
  const text = `${whose}${kind}:${JSON.stringify(value)}`;
  return text.length <= MOST_FINGERPRINT ? text : `${kind}:${hash('sha1', text, 'base64url')}`;
}
