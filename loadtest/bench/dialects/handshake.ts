import { SUBPROTOCOL } from '../../../services/protocol/index.ts';
import { Sessions } from '../../../services/server/session/sessions.ts';
import type { Dialect, Player } from '../generator/parties.ts';

/** The session of a player of the bench with Gridlock. */
export const idOf = ({ index }: Player): string => `bench-${index}`;

/** Upgrades with a token for each player, made from the replicas' secret in hexadecimal. */
export function handshakeWith(secret: string): Dialect['handshake'] {
  const sessions = new Sessions(Buffer.from(secret, 'hex'));
  const tokens = new Map<Player, string>();
  return async (player) => {
    const id = idOf(player);
    const token = tokens.get(player) ?? (await sessions.issue({ id, name: id })).token;
    tokens.set(player, token);
    return { path: '/ws', headers: { Authorization: `Bearer ${token}`, 'Sec-WebSocket-Protocol': SUBPROTOCOL } };
  };
}
