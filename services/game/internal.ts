import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

/** Health, readiness and metrics, on a listener of their own that the edge does not publish. */
export function createInternal(readiness: Readiness, metrics: Metrics): Server {
  return createServer((request, response) => {
    switch (request.url) {
      // That this is answered at all is the health: the event loop turns.
      case '/healthz':
        return answer(response, 200, 'ok\n');
      case '/readyz': {
        const { reason } = readiness;
        return reason === undefined ? answer(response, 200, 'ready\n') : answer(response, 503, `${reason}\n`);
      }
      case '/metrics':
        return void metrics.registry.metrics().then(
          (text) => answer(response, 200, text, metrics.registry.contentType),
          () => answer(response, 500, 'The metrics could not be gathered.\n'),
        );
      default:
        return answer(response, 404, 'There are /healthz, /readyz and /metrics.\n');
    }
  });
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}
