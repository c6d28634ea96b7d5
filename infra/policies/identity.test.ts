import { IDENTITY } from './identity.ts';
import { podOf, testFaults } from './testing/faults.ts';

testFaults(IDENTITY, [
  ['own-service-account', 'the default account', (o) => delete podOf(o).serviceAccountName, /default ServiceAccount/],
  ['own-service-account', 'a missing account', (o) => delete o.ServiceAccount, /web, which does not exist/],
  ['no-token', 'a token', (o) => delete podOf(o).automountServiceAccountToken, /mounts a token/],
  [
    'no-token',
    'a projected token',
    (o) => (podOf(o).volumes = [{ projected: { sources: [{ serviceAccountToken: {} }] } }]),
    /mounts a token/,
  ],
  ['explicit-namespace', 'no namespace', (o) => delete o.Job!.metadata.namespace, /names no namespace/],
  ['explicit-namespace', 'the default namespace', (o) => (o.Job!.metadata.namespace = 'default'), /namespace default/],
  ['no-wildcard-access', 'a wildcard', (o) => (o.Role!.rules[0].verbs = ['*']), /by a wildcard/],
  ['no-secrets-access', 'all Secrets', (o) => o.Role!.rules[0].resources.push('secrets'), /every Secret/],
  ['no-cluster-admin', 'cluster-admin', (o) => (o.RoleBinding!.roleRef.name = 'cluster-admin'), /binds cluster-admin/],
]);
