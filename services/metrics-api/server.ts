import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setInterval } from 'node:timers';
import type { TLSSocket } from 'node:tls';
import { type Logger, pino } from 'pino';
import { Api } from './api.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import type { Config } from './config.ts';
import { FrontProxy } from './front-proxy.ts';
import { Kubernetes } from './kubernetes.ts';
import { findTargets } from './pods.ts';
import { scrape } from './scrape.ts';
import { type Answer, failure } from './status.ts';

export interface MetricsApi {
  readonly port: number;
  /** Looks at certificate and front proxy now. */
  reload(): Promise<void>;
  stop(): Promise<void>;
}

type Settings = Omit<Config, 'logLevel'>;

/** Starts the metrics API. Resolves when it serves; rejects with a sentence when it cannot. */
export async function startMetricsApi(config: Settings, log: Logger = pino({ level: 'silent' })): Promise<MetricsApi> {
  const kubernetes = new Kubernetes(config);
  const api = new Api({
    namespace: config.namespace,
    targets: (selector) => findTargets(kubernetes, config.namespace, selector),
    read: ({ url }, metric) => scrape(url, metric, config.scrapeMs),
    onUnread: (pod, error) => log.warn({ pod, reason: (error as Error).message }, 'a replica told no metrics'),
  });
  let certificate: Certificate = await readCertificate(config.tlsDirectory);
  let authority = '';
  let server: Server | undefined;
  const frontProxy = new FrontProxy({
    kubernetes,
    reloadMs: config.reloadMs,
    onAuthority: (ca) => {
      authority = ca;
      server?.setSecureContext({ ...certificate, ca: authority });
      log.info('the front proxy has a new authority');
    },
    onError: (error) => log.warn({ reason: (error as Error).message }, 'the front proxy cannot be looked up'),
  });

  const renew = async () => {
    const found = await readCertificate(config.tlsDirectory);
    if (found.cert === certificate.cert && found.key === certificate.key) return;
    certificate = found;
    // Connections that stand keep theirs; new ones get this.
    server?.setSecureContext({ ...certificate, ca: authority });
    log.info('the certificate was renewed');
  };
  const renewal = setInterval(() => {
    renew().catch((error: Error) => log.error({ reason: error.message }, 'the certificate was not renewed'));
  }, config.reloadMs);

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const { method = 'GET', url = '/', headers, socket } = request;
    // The kubelet asks these, without a certificate.
    if (url === '/healthz' || url === '/readyz') return { code: 200, body: { status: 'ok' } };
    const refusal = frontProxy.refusal(socket as TLSSocket);
    if (refusal !== undefined) return failure(401, refusal);
    return api.answer(method, url, headers.accept);
  };
  try {
    await frontProxy.load();
    server = createServer(
      { ...certificate, ca: authority, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
      (request, response) => {
        answer(request).then(
          (found) => send(response, found),
          (error: unknown) => {
            log.error({ err: error }, 'a request failed');
            send(response, failure(500, 'The metrics API failed; see its log.'));
          },
        );
      },
    );
    await listen(server, config);
  } catch (error) {
    clearInterval(renewal);
    frontProxy.stop();
    kubernetes.close();
    throw error;
  }
  const serving = server;
  return {
    port: (serving.address() as AddressInfo).port,
    reload: async () => {
      await Promise.all([renew(), frontProxy.load()]);
    },
    stop: () => {
      clearInterval(renewal);
      frontProxy.stop();
      kubernetes.close();
      return new Promise((resolve) => {
        serving.close(() => resolve());
        serving.closeIdleConnections();
      });
    },
  };
}

function send(response: ServerResponse, { code, body }: Answer): void {
  response.writeHead(code, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function listen(server: Server, { host, port }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`The metrics API cannot listen on ${host}:${port} (${error.code}).`));
    });
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}
