import { isDeepStrictEqual } from 'node:util';
import { type Container, type Fields, isController, lastingContainers, type Manifest, portNames } from './manifest.ts';
import type { Policy } from './policy.ts';

const KINDS = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
const ACTIONS = ['httpGet', 'tcpSocket', 'exec', 'grpc'] as const;

/** A policy on each lasting container of what keeps pods running. */
const eachLasting = (
  name: string,
  sentence: string,
  complaints: (container: Container, manifest: Manifest) => string[],
): Policy => ({
  name,
  sentence,
  check: (manifest) =>
    isController(manifest)
      ? lastingContainers(manifest).flatMap((container) =>
          complaints(container, manifest).map((complaint) => `container ${container.name} ${complaint}`),
        )
      : [],
});

const actionOf = (probe: Fields | undefined): unknown[] => ACTIONS.map((action) => probe?.[action]);

export const PROBES: readonly Policy[] = [
  eachLasting('three-probes', 'Containers are asked whether they have started, live and are ready.', (container) => {
    const missing = KINDS.filter((kind) => !container[kind]);
    return missing.length > 0 ? [`has no ${missing.join(', no ')}`] : [];
  }),
  eachLasting('different-probes', 'Being alive and being ready are different questions.', (container) => {
    const { livenessProbe: alive, readinessProbe: ready } = container;
    return alive && ready && isDeepStrictEqual(actionOf(alive), actionOf(ready))
      ? ['is killed for what should only make it unready']
      : [];
  }),
  eachLasting('probed-port', 'Probes ask at a port that the pod names.', (container, manifest) =>
    KINDS.flatMap((kind) => {
      const port: unknown = container[kind]?.httpGet?.port ?? container[kind]?.tcpSocket?.port;
      return port === undefined || portNames(manifest).includes(String(port))
        ? []
        : [`has a ${kind} at ${port}, no named port`];
    }),
  ),
];
