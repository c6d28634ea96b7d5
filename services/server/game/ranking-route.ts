import type { FastifyInstance } from 'fastify';
import { RANKING_PATH } from '../../protocol/ranking.ts';
import { Refusal } from '../authority/game-authority.ts';
import { fail } from '../session/session-routes.ts';
import type { Ranking } from './ranking.ts';

/** `GET`: the best players of the day, for the pages of the cluster. */
export function addRankingRoute(app: FastifyInstance, ranking: Pick<Ranking, 'top'>): void {
  app.get(RANKING_PATH, async (_request, reply) => {
    try {
      return await reply.header('Cache-Control', 'no-store').send(await ranking.top());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      reply.header('Retry-After', 2);
      return fail(reply, 503, 'unavailable', 'The store is not available. Try again.', 2000);
    }
  });
}
