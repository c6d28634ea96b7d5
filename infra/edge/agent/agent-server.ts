import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Counter, Gauge, Registry } from 'prom-client';

/** The metrics of the agent. */
export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    notAfter: new Gauge({
      name: 'gridlock_edge_certificate_not_after_seconds',
      help: 'End of validity of the certificate the edge serves, in seconds since 1970.',
      registers,
    }),
    changes: new Counter({
      name: 'gridlock_edge_certificate_changes_total',
      help: 'Certificates replaced without a reload.',
      registers,
    }),
    failures: new Counter({
      name: 'gridlock_edge_certificate_failures_total',
      help: 'Checks of the certificate that failed.',
      registers,
    }),
    draining: new Gauge({ name: 'gridlock_edge_draining', help: '1 while the edge is emptied.', registers }),
  };
}

type Answer = (status: number, body?: string, type?: string) => void;

async function listen(port: number, answers: Readonly<Record<string, (answer: Answer) => void>>): Promise<Server> {
  const server = createServer((request, response) => {
    const answer: Answer = (status, body = '', type = 'text/plain') =>
      response.writeHead(status, { 'Content-Type': type }).end(body);
    const known = Object.hasOwn(answers, request.url ?? '') ? answers[request.url!] : undefined;
    if (known) known(answer);
    else answer(404);
  });
  // A drain takes longer than any request may.
  server.requestTimeout = 0;
  server.listen(port);
  await once(server, 'listening');
  return server;
}

/** Serves `/healthz`, `/metrics`, and `/readyz`, which tells whether HAProxy has served the mounted certificate. */
export const serveMetrics = (port: number, registry: Registry, isReady: () => boolean): Promise<Server> =>
  listen(port, {
    '/healthz': (answer) => answer(200),
    '/readyz': (answer) => answer(isReady() ? 200 : 503),
    '/metrics': (answer) =>
      registry.metrics().then(
        (text) => answer(200, text, registry.contentType),
        () => answer(500),
      ),
  });

/** Serves `/drain`, which answers when the edge may be stopped, that is when `drain` has resolved. */
export const serveDrain = (port: number, drain: () => Promise<void>): Promise<Server> =>
  listen(port, {
    '/drain': (answer) =>
      drain().then(
        () => answer(200),
        () => answer(500),
      ),
  });

export const portOf = (server: Server): number => (server.address() as AddressInfo).port;
