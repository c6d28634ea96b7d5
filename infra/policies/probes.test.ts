import { PROBES } from './probes.ts';
import { containerOf, podOf, testFaults } from './testing/faults.ts';

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
