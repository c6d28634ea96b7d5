import type { FastifyInstance } from 'fastify';
import type { Logger } from '../ops/log.ts';
import type { Fencing } from '../session/fencing.ts';
import { LONGEST_SECONDS } from '../session/issuer.ts';
import { DisconnectQuery, PlayerPath, parsed } from './request-schemas.ts';

export interface PlayerRoutesOptions {
  readonly fencing: Pick<Fencing, 'disconnect' | 'logOut'>;
  readonly log: Logger;
}

/** The connections of a player, on whichever replicas. */
export function addPlayerRoutes(api: FastifyInstance, { fencing, log }: PlayerRoutesOptions): void {
  api.delete('/players/:player/connections', async ({ params, query, backend }, reply) => {
    const { player } = parsed(PlayerPath, params, 'the path');
    const isRevoked = parsed(DisconnectQuery, query, 'the query').revoke === 'true';
    // A JWT of the player may be valid longer than any of our own tokens.
    if (isRevoked) await fencing.logOut(player, LONGEST_SECONDS);
    else await fencing.disconnect(player);
    log.info({ backend, player, revoked: isRevoked }, 'a backend disconnected a player');
    return reply.code(204).send();
  });
}
