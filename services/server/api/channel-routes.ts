import type { FastifyInstance } from 'fastify';
import type { Channels } from '../history/channels.ts';
import { isSignalled, type Signals } from '../history/signals.ts';
import type { Metrics } from '../ops/metrics.ts';
import { ChannelPath, idempotencyKey, PublishBody, parsed, parsedBody } from './request-schemas.ts';

export interface ChannelRoutesOptions {
  readonly channels: Pick<Channels, 'read' | 'publish'>;
  readonly signals: Pick<Signals, 'publish'>;
  readonly metrics: Pick<Metrics, 'published'>;
}

/** Channels of the application. A backend may publish in all of them whatever their schemas allow. */
export function addChannelRoutes(api: FastifyInstance, { channels, signals, metrics }: ChannelRoutesOptions): void {
  api.post('/channels/:channel/messages', async (request) => {
    const { channel } = parsed(ChannelPath, request.params, 'the path');
    const id = idempotencyKey(request.headers);
    const { player, data } = parsedBody(PublishBody, request);
    const publication = channels.read(channel, data);
    if (isSignalled(publication.rule)) {
      await signals.publish(channel, player, publication.data);
      metrics.published.inc({ channel: publication.rule.name });
      return { channel };
    }
    const published = await channels.publish({ player, backend: request.backend }, id, publication);
    metrics.published.inc({ channel: publication.rule.name });
    return { channel, ...published };
  });
}
