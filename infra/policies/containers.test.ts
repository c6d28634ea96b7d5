import { BY_DIGEST, IMAGES, PROBES, RESOURCES, SECRETS } from './containers.ts';
import { containerOf, podOf, testFaults } from './testing/faults.ts';

testFaults(IMAGES, [
  [
    'image-pulled-anew',
    'a tag that is not resolved again',
    (o) => (containerOf(o).imagePullPolicy = 'IfNotPresent'),
    /pulls its image IfNotPresent/,
  ],
  ['pinned-image', 'no tag', (o) => (containerOf(o).image = 'registry:5000/web'), /without a tag/],
  ['pinned-image', 'latest', (o) => (containerOf(o).image = 'web:latest'), /image web:latest/],
]);

testFaults(BY_DIGEST, [
  ['image-by-digest', 'a tag', (o) => (containerOf(o).image = 'web:1.4'), /image web:1\.4, whose tag/],
]);

testFaults(RESOURCES, [
  [
    'resource-requests',
    'no request of storage',
    (o) => delete containerOf(o).resources.requests['ephemeral-storage'],
    /requests no ephemeral-storage/,
  ],
  ['resource-requests', 'no requests', (o) => delete containerOf(o).resources.requests, /no cpu, no memory, no eph/],
  ['resource-limits', 'no limit of memory', (o) => delete containerOf(o).resources.limits.memory, /no limit of memory/],
]);

testFaults(SECRETS, [
  [
    'secrets-by-file',
    'a secret variable',
    (o) => containerOf(o).env.push({ name: 'A', valueFrom: { secretKeyRef: {} } }),
    /secret A in its env/,
  ],
  [
    'secrets-by-file',
    'a whole Secret',
    (o) => (containerOf(o).envFrom = [{ secretRef: { name: 's' } }]),
    /Secret s in its env/,
  ],
  [
    'no-plain-secrets',
    'a password',
    (o) => containerOf(o).env.push({ name: 'DB_PASSWORD', value: 'x' }),
    /DB_PASSWORD in clear text/,
  ],
]);

testFaults(PROBES, [
  ['three-probes', 'no probe of life', (o) => delete containerOf(o).livenessProbe, /has no livenessProbe/],
  [
    'three-probes',
    'a sidecar without probes',
    (o) =>
      (podOf(o).initContainers = [
        { ...structuredClone(containerOf(o)), name: 's', startupProbe: undefined, restartPolicy: 'Always' },
      ]),
    /container s has no startupProbe/,
  ],
  [
    'different-probes',
    'the same probe twice',
    (o) => (containerOf(o).livenessProbe.httpGet.path = '/readyz'),
    /is killed for/,
  ],
  [
    'probed-port',
    'a probe at a number',
    (o) => (containerOf(o).readinessProbe.httpGet.port = 8080),
    /readinessProbe at 8080, no named port/,
  ],
]);
