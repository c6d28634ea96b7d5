import * as v from 'valibot';
import type { Kubernetes } from './kubernetes.ts';

/** The port a replica has its metrics at, as its pod names it. */
const PORT_NAME = 'internal';

const Pod = v.object({
  metadata: v.object({ name: v.string(), deletionTimestamp: v.optional(v.string()) }),
  spec: v.object({
    containers: v.array(
      v.object({
        ports: v.optional(v.array(v.object({ name: v.optional(v.string()), containerPort: v.number() })), []),
      }),
    ),
  }),
  status: v.object({ phase: v.optional(v.string()), podIP: v.optional(v.string()) }),
});
const PodList = v.object({ items: v.array(Pod) });

/** A replica that can be asked for its metrics. */
export interface Target {
  readonly pod: string;
  readonly url: string;
}

function targetOf({ metadata, spec, status }: v.InferOutput<typeof Pod>): Target[] {
  // One that ends has been replaced already in what the autoscaler plans.
  if (metadata.deletionTimestamp !== undefined || status.phase !== 'Running' || !status.podIP) return [];
  const port = spec.containers.flatMap(({ ports }) => ports).find(({ name }) => name === PORT_NAME);
  if (!port) return [];
  const host = status.podIP.includes(':') ? `[${status.podIP}]` : status.podIP;
  return [{ pod: metadata.name, url: `http://${host}:${port.containerPort}/metrics` }];
}

/**
 * The running pods of a namespace that match a selector and name a port for metrics. Rejects with a
 * `Failure`.
 */
export async function findTargets(kubernetes: Kubernetes, namespace: string, selector: string): Promise<Target[]> {
  const query = selector === '' ? '' : `?${new URLSearchParams({ labelSelector: selector })}`;
  const { items } = await kubernetes.get(`/api/v1/namespaces/${namespace}/pods${query}`, PodList);
  return items.flatMap(targetOf);
}
