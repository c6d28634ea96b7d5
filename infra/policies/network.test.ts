import { NETWORK } from './network.ts';
import { testFaults } from './testing/faults.ts';

testFaults(NETWORK, [
  ['network-policy', 'no policy', (o) => delete o.NetworkPolicy, /no NetworkPolicy for Egress/],
  [
    'network-policy',
    'one direction',
    (o) => (o.NetworkPolicy!.spec.policyTypes = ['Ingress']),
    /no NetworkPolicy for Egress/,
  ],
  [
    'network-policy',
    'a policy for other pods',
    (o) => (o.NetworkPolicy!.spec.podSelector.matchLabels = { x: 'y' }),
    /no NetworkPolicy for Ingress/,
  ],
  [
    'policy-peer-exists',
    'a missing peer',
    (o) => (o.NetworkPolicy!.spec.ingress[0].from[0].podSelector.matchLabels = { x: 'y' }),
    /of which there are none/,
  ],
  [
    'service-has-pods',
    'a selector that matches nothing',
    (o) => (o.Service!.spec.selector = { x: 'y' }),
    /selects no pods/,
  ],
  [
    'service-has-pods',
    'a pod beyond the size of its set',
    (o) => (
      (o.Deployment!.kind = 'StatefulSet'), (o.Service!.spec.selector['statefulset.kubernetes.io/pod-name'] = 'web-1')
    ),
    /selects no pods/,
  ],
  [
    'service-port-by-name',
    'a port by number',
    (o) => (o.Service!.spec.ports[0].targetPort = 8080),
    /leads port 80 to 8080/,
  ],
  [
    'service-port-by-name',
    'a missing name',
    (o) => (o.Service!.spec.ports[0].targetPort = 'web'),
    /to web, which Deployment gridlock\/web does not name/,
  ],
  ['no-node-port', 'a NodePort', (o) => (o.Service!.spec.type = 'NodePort'), /is a NodePort/],
  ['ingress-tls', 'no TLS', (o) => delete o.Ingress!.spec.tls, /has no tls/],
  [
    'ingress-tls',
    'a missing Service',
    (o) => (o.Ingress!.spec.rules[0].http.paths[0].backend.service.name = 'x'),
    /Service x, which does not exist/,
  ],
  [
    'monitor-has-target',
    'a monitor that matches nothing',
    (o) => (o.ServiceMonitor!.spec.selector.matchLabels = { x: 'y' }),
    /monitors no Service/,
  ],
  [
    'monitor-has-target',
    'a pod monitor that matches nothing',
    (o) => (o.PodMonitor!.spec.selector.matchLabels = { x: 'y' }),
    /monitors no pods/,
  ],
]);
