// Exemptions of objects from policies, each with its reason.
import { type Manifest, nameOf } from './manifest.ts';

export interface Exemption {
  readonly policy: string;
  /** On `Kind namespace/name`. */
  readonly objects: RegExp;
  /** On the complaint, where only one of several is exempt. */
  readonly complaints?: RegExp;
  readonly reason: string;
}

const CONTROLLER = /^Deployment .*-edge-controller$/;

export const EXEMPTIONS: readonly Exemption[] = [
  {
    policy: 'image-pulled-anew',
    objects: /./,
    reason:
      "Our image's tag is the hash of its content, so it never names another image, and an " +
      'image loaded into kind is in no registry. Images of other projects are pinned by version.',
  },
  {
    policy: 'stable-api',
    objects: /^(Bundle|Backend|Global|Defaults|TCP|ScaledObject) /,
    reason: 'trust-manager, the ingress controller and KEDA have no later version of these.',
  },
  {
    policy: 'three-probes',
    objects: /^StatefulSet .*-redis$/,
    complaints: /^container certificates /,
    reason:
      'It serves no clients: it loads a renewed certificate into Redis. When it cannot, it ends and is' + ' restarted.',
  },
  {
    policy: 'three-probes',
    objects: /^Deployment /,
    complaints: /^container server has no livenessProbe$/,
    reason:
      'Only the port of your own server may be known, and the kernel accepts connections there even when the server ' +
      'hangs. Its process is restarted when it ends.',
  },
  {
    policy: 'different-probes',
    objects: /^Deployment /,
    complaints: /^container server /,
    reason:
      'Your own server may have one health path. It gets no clients after 4 seconds without an answer, and is ' +
      'restarted after 30.',
  },
  {
    policy: 'secrets-by-file',
    objects: /^Deployment /,
    complaints: /^container server has the secret \w+ in its environment$/,
    reason:
      "A user's server takes Redis from REDIS_URL and its own secrets from variables: it reads no file of ours. Only a " +
      'Secret has the values.',
  },
  {
    policy: 'no-node-port',
    objects: /^Service .*-edge$/,
    reason: 'kind has no load balancer: clients connect to a port of its node, bound to the loopback of this machine.',
  },
  {
    policy: 'enough-replicas',
    objects: /^Deployment .*-edge(-controller)?$/,
    reason: 'Two edges survive the loss of one; `ingressReplicas` says how many there are.',
  },
  {
    policy: 'enough-replicas',
    objects: /^StatefulSet .*-redis$/,
    reason:
      'One Redis is the choice `redis: single`: it writes each move to disk before it answers, so ' +
      'that its loss costs time only. `redis: sentinel` has three.',
  },
  {
    policy: 'no-token',
    objects: CONTROLLER,
    reason: 'An ingress controller follows the objects of the cluster, with a token that is valid for an hour.',
  },
  {
    policy: 'no-secrets-access',
    objects: /^Role .*-edge-controller$/,
    reason:
      "The controller watches the Secrets of its own namespace, for the edge's certificate, and Kubernetes cannot " +
      'restrict a watch to one name. Those of other namespaces, such as the key of the root, are closed to it.',
  },
  {
    policy: 'high-user',
    objects: CONTROLLER,
    reason: "The files of the controller's image belong to the user 1000, and its supervisor changes some of them.",
  },
  {
    policy: 'high-group',
    objects: CONTROLLER,
    reason: "The files of the controller's image belong to the group 1000, and its supervisor changes some of them.",
  },
  {
    policy: 'no-capabilities',
    objects: CONTROLLER,
    reason:
      "The file of HAProxy's wrapper in the image has NET_BIND_SERVICE, so that the kernel starts it only where that is " +
      'allowed; without a way to gain privileges the process does not get it.',
  },
  {
    policy: 'secrets-by-file',
    objects: CONTROLLER,
    reason:
      'HAProxy cannot read the key behind its sticky cookie from a file. The key grants no access: it only lets a ' +
      'reader of a cookie learn the replica in it.',
  },
  {
    policy: 'policy-peer-exists',
    objects: /^NetworkPolicy .*edge$/,
    complaints: /http01-solver/,
    reason: "cert-manager makes the solver's pod for the seconds of a challenge, which the edge passes on to it.",
  },
];

/** The reason why a complaint is exempt; undefined when it is not. */
export const exemptionOf = (
  policy: string,
  manifest: Manifest,
  complaint: string,
  exemptions: readonly Exemption[] = EXEMPTIONS,
): string | undefined =>
  exemptions.find(
    (exemption) =>
      exemption.policy === policy &&
      exemption.objects.test(nameOf(manifest)) &&
      (exemption.complaints?.test(complaint) ?? true),
  )?.reason;
