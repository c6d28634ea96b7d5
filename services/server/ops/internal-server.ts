import { createServer, type Server, type ServerResponse } from 'node:http';
import type { Readiness } from '../cluster/readiness.ts';
import { hostProblem } from './access.ts';
import type { Metrics } from './metrics.ts';
import type { PageServer } from './page-server.ts';

/** Health, readiness, metrics and the operations page, on a separate listener that the edge does not publish. */
export function createInternal(readiness: Readiness, metrics: Metrics, ops: PageServer): Server {
  const server = createServer((request, response) => {
    if (/^\/ops(\/|\?|$)/.test(request.url ?? '')) {
      ops.handle(request, response).catch(() => response.destroy());
      return;
    }
    const problem = hostProblem(request);
    if (problem !== undefined) return answer(response, 403, `${problem}\n`);
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
        return answer(response, 404, 'There are /healthz, /readyz, /metrics and /ops/.\n');
    }
  });
  ops.attach(server);
  return server;
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}
