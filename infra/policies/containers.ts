import { isDeepStrictEqual } from 'node:util';
import {
  type Container,
  eachContainer,
  type Fields,
  isController,
  lastingContainers,
  type Manifest,
  type Policy,
  portNames,
} from './manifest.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;
const TAG = /:([\w][\w.-]{0,127})$/;

export const IMAGES: readonly Policy[] = [
  eachContainer('pinned-image', 'Images have a tag other than latest, or a digest.', ({ image }) => {
    if (DIGEST.test(image)) return undefined;
    const tag = TAG.exec(image)?.[1];
    if (tag === undefined) return `has the image ${image} without a tag`;
    return tag === 'latest' ? `has the image ${image}` : undefined;
  }),
  eachContainer('image-pulled-anew', 'A tag is resolved again at every start.', ({ image, imagePullPolicy }) =>
    DIGEST.test(image) || imagePullPolicy === 'Always'
      ? undefined
      : `pulls its image ${imagePullPolicy ?? 'by chance'}`,
  ),
];

/** Policies that a configuration has to enable: not every registry knows the digest of an image before it is pushed. */
export const BY_DIGEST: readonly Policy[] = [
  eachContainer('image-by-digest', 'Images are named by their digest.', ({ image }) =>
    DIGEST.test(image) ? undefined : `has the image ${image}, whose tag may later name another`,
  ),
];

const BOTH = ['memory', 'ephemeral-storage'];

export const RESOURCES: readonly Policy[] = [
  eachContainer('resource-requests', 'Containers request CPU, memory and local storage.', ({ resources }) => {
    const missing = ['cpu', ...BOTH].filter((name) => !resources?.requests?.[name]);
    return missing.length > 0 ? `requests no ${missing.join(', no ')}` : undefined;
  }),
  eachContainer('resource-limits', 'Containers have limits of CPU, memory and local storage.', ({ resources }) => {
    const missing = ['cpu', ...BOTH].filter((name) => !resources?.limits?.[name]);
    return missing.length > 0 ? `has no limit of ${missing.join(', none of ')}` : undefined;
  }),
];

const SENSITIVE = /(PASSWORD|PASSWD|TOKEN|SECRET|CREDENTIALS?|PRIVATE_KEY|API_KEY|ACCESS_KEY)$/i;

const environment = ({ env = [] }: Container): Fields[] => env;

export const SECRETS: readonly Policy[] = [
  eachContainer('secrets-by-file', 'Secrets reach containers as files, not as environment variables.', (container) => {
    const variable = environment(container).find(({ valueFrom }) => valueFrom?.secretKeyRef);
    if (variable) return `has the secret ${variable.name} in its environment`;
    const whole = ((container.envFrom ?? []) as Fields[]).find(({ secretRef }) => secretRef);
    return whole ? `has the Secret ${whole.secretRef.name} in its environment` : undefined;
  }),
  eachContainer('no-plain-secrets', 'Environment variables hold no passwords or tokens.', (container) => {
    const variable = environment(container).find(({ name, value }) => SENSITIVE.test(name) && value);
    return variable ? `has ${variable.name} in clear text` : undefined;
  }),
];

const KINDS = ['startupProbe', 'livenessProbe', 'readinessProbe'] as const;
const ACTIONS = ['httpGet', 'tcpSocket', 'exec', 'grpc'] as const;

/** A policy for each long-running container of a workload that keeps pods running. */
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
  eachLasting('three-probes', 'Containers have probes for start, liveness and readiness.', (container) => {
    const missing = KINDS.filter((kind) => !container[kind]);
    return missing.length > 0 ? [`has no ${missing.join(', no ')}`] : [];
  }),
  eachLasting('different-probes', 'Liveness and readiness probes differ.', (container) => {
    const { livenessProbe: alive, readinessProbe: ready } = container;
    return alive && ready && isDeepStrictEqual(actionOf(alive), actionOf(ready))
      ? ['is killed for what should only make it unready']
      : [];
  }),
  eachLasting('probed-port', 'Probes use a port that the pod names.', (container, manifest) =>
    KINDS.flatMap((kind) => {
      const port: unknown = container[kind]?.httpGet?.port ?? container[kind]?.tcpSocket?.port;
      return port === undefined || portNames(manifest).includes(String(port))
        ? []
        : [`has a ${kind} at ${port}, no named port`];
    }),
  ),
];
