import type { ServedEdge } from './certificate-agent.ts';
import type { DrainTimes } from './drain.ts';

/** The settings of the agent. */
export interface AgentConfig {
  edge: ServedEdge;
  drain: DrainTimes;
  /** The port of /healthz, /readyz and /metrics. */
  port: number;
  /** The port of /drain, which is separate because a client that may read metrics must not drain the edge. */
  drainPort: number;
  intervalMs: number;
}

/** A setting that is missing or wrong; the message is a sentence. */
export class AgentConfigError extends Error {
  override name = 'AgentConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

function text(environment: Environment, name: string): string {
  const value = environment[name];
  if (value === undefined || value === '') throw new AgentConfigError(`${name} is not set.`);
  return value;
}

function whole(environment: Environment, name: string, initial: number, most: number): number {
  const value = environment[name] ?? String(initial);
  if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value);
  throw new AgentConfigError(`${name} is ${JSON.stringify(value)}: a whole number up to ${most} is allowed.`);
}

/**
 * `EDGE_CERTIFICATE` and `EDGE_RUNTIME_SOCKET` are required; `EDGE_HOST`, `EDGE_PORT`, `EDGE_PROXY_PROTOCOL`,
 * `AGENT_PORT`, `AGENT_DRAIN_PORT`, `AGENT_INTERVAL_MS`, `DRAIN_ACCEPT_MS` and `DRAIN_SPREAD_MS` have defaults.
 */
export function readAgentConfig(environment: Environment): AgentConfig {
  const certificate = text(environment, 'EDGE_CERTIFICATE');
  if (!/^[^\s;]+\.crt$/.test(certificate)) {
    throw new AgentConfigError(
      `EDGE_CERTIFICATE is ${JSON.stringify(certificate)}: the path of a .crt file without spaces is allowed.`,
    );
  }
  return {
    edge: {
      certificate,
      socket: text(environment, 'EDGE_RUNTIME_SOCKET'),
      host: environment['EDGE_HOST'] ?? '127.0.0.1',
      port: whole(environment, 'EDGE_PORT', 8443, 65_535),
      acceptProxy: environment['EDGE_PROXY_PROTOCOL'] === 'true',
    },
    drain: {
      acceptMs: whole(environment, 'DRAIN_ACCEPT_MS', 10_000, 600_000),
      spreadMs: whole(environment, 'DRAIN_SPREAD_MS', 45_000, 3_600_000),
    },
    port: whole(environment, 'AGENT_PORT', 9102, 65_535),
    drainPort: whole(environment, 'AGENT_DRAIN_PORT', 9103, 65_535),
    intervalMs: whole(environment, 'AGENT_INTERVAL_MS', 2000, 600_000),
  };
}
