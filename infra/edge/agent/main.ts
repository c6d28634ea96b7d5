// Runs next to a HAProxy in the same pod: gives it the mounted certificate whenever that changes, and drains it before
// the pod ends.
import pino from 'pino';
import { type AgentConfig, AgentConfigError, readAgentConfig } from './agent-config.ts';
import { createMetrics, portOf, serveDrain, serveMetrics } from './agent-server.ts';
import { CertificateAgent } from './certificate-agent.ts';
import { drain } from './drain.ts';

async function start({ edge, drain: times, port, drainPort, intervalMs }: AgentConfig): Promise<void> {
  const log = pino({ level: process.env['LOG_LEVEL'] ?? 'info', base: null });
  const metrics = createMetrics();
  let ready = false;
  let lastProblem = '';
  const agent = new CertificateAgent(edge, {
    inStep: (notAfter) => {
      ready = true;
      lastProblem = '';
      metrics.notAfter.set(notAfter.getTime() / 1000);
    },
    changed: (fingerprint) => {
      metrics.changes.inc();
      log.info({ fingerprint }, 'the edge serves a new certificate');
    },
    failed: (error) => {
      // HAProxy starts after the agent: until then this is not an error.
      if (!ready && (error as NodeJS.ErrnoException).syscall === 'connect') {
        log.debug({ err: error }, 'the edge does not answer yet');
        return;
      }
      metrics.failures.inc();
      if (error.message !== lastProblem) log.warn({ err: error }, 'the certificate is not in step');
      lastProblem = error.message;
    },
  });

  let draining: Promise<void> | undefined;
  const drainOnce = (): Promise<void> =>
    (draining ??= (async () => {
      metrics.draining.set(1);
      log.info(times, 'draining');
      log.info({ closed: await drain(edge.socket, times) }, 'drained');
    })().catch((error: unknown) => {
      // The next request tries again.
      draining = undefined;
      throw error;
    }));

  const servers = [await serveMetrics(port, metrics.registry, () => ready), await serveDrain(drainPort, drainOnce)];
  log.info({ ports: servers.map(portOf) }, 'listening');
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(1);
    stopping.abort();
    // HAProxy may still be draining: it is stopped first, but not on every kind of cluster.
    void Promise.resolve(draining).finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await agent.run(intervalMs, stopping.signal);
}

try {
  await start(readAgentConfig(process.env));
} catch (error) {
  if (!(error instanceof AgentConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(2);
}
