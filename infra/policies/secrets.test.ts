import { SECRETS } from './secrets.ts';
import { containerOf, testFaults } from './testing/faults.ts';

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
    /DB_PASSWORD in the clear/,
  ],
]);
