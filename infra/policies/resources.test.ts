import { RESOURCES } from './resources.ts';
import { containerOf, testFaults } from './testing/faults.ts';

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
