// What the replicas are called, and which ports they have, as other parts have to know it.
import type { NamedPort } from '../components/autoscaling/socket-gauge.ts';
import { selectorOf } from '../components/labels.ts';
import type { Config } from '../config/config.ts';
import { CLUSTER, HTTP_PORT, INTERNAL_PORT } from './names.ts';

/** Labels of the pods of the replicas. */
export const SERVER_LABELS = selectorOf({ cluster: CLUSTER, part: 'server' });

export interface ReplicaPorts {
  readonly sockets: NamedPort;
  /** Where readiness is told. */
  readonly checks: NamedPort;
  /** Undefined: there are none. */
  readonly metrics: NamedPort | undefined;
}

/** The ports of a replica: of Gridlock's, or of a server of the user's. */
export function replicaPorts({ serverImage, serverPort, metricsPath, metricsPort }: Config): ReplicaPorts {
  if (serverImage === '') {
    const internal = { name: 'internal', number: INTERNAL_PORT };
    return { sockets: { name: 'http', number: HTTP_PORT }, checks: internal, metrics: internal };
  }
  const sockets = { name: 'http', number: serverPort };
  const own = metricsPort === 0 || metricsPort === serverPort;
  const metrics = own ? sockets : { name: 'metrics', number: metricsPort };
  return { sockets, checks: sockets, metrics: metricsPath === '' ? undefined : metrics };
}
