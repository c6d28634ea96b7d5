import { METADATA } from './metadata.ts';
import { containerOf, testFaults } from './testing/faults.ts';

testFaults(METADATA, [
  [
    'labels',
    'a label missing',
    (o) => delete o.Service!.metadata.labels['app.kubernetes.io/part-of'],
    /lacks the labels .*part-of$/,
  ],
  [
    'labels',
    'a label missing on pods',
    (o) => delete o.Deployment!.spec.template.metadata.labels['app.kubernetes.io/instance'],
    /instance on its pods/,
  ],
  ['valid-labels', 'an invalid value', (o) => (o.Service!.metadata.labels.x = 'a b'), /invalid label x: a b/],
  [
    'selector-fits',
    'a selector of other pods',
    (o) => (o.Deployment!.spec.selector.matchLabels = { x: 'y' }),
    /not select its own/,
  ],
  ['selector-fits', 'an empty selector', (o) => (o.Deployment!.spec.selector = {}), /selects nothing/],
  [
    'no-duplicate-variables',
    'a variable twice',
    (o) => containerOf(o).env.push({ name: 'PASSWORD_FILE', value: 'y' }),
    /PASSWORD_FILE twice/,
  ],
  ['stable-api', 'a beta version', (o) => (o.Ingress!.apiVersion = 'networking.k8s.io/v1beta1'), /may be removed/],
]);
