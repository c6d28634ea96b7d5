import { isIP } from 'node:net';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { labelsOf } from '../labels.ts';
import { type CommonEdgeArgs, settingsOf } from './edge-args.ts';
import { backendSpec } from './ingress-resources.ts';
import { edgeName } from './names.ts';

type Kind = 'Backend' | 'Defaults' | 'Frontend' | 'Global';

/** One of the custom resources that the controller reads. */
export const haproxyResource = (
  kind: Kind,
  resource: string,
  metadata: { name: string; namespace: pulumi.Input<string>; labels: Record<string, string> },
  spec: object,
  opts: pulumi.CustomResourceOptions,
) =>
  new kubernetes.apiextensions.CustomResource(
    resource,
    { apiVersion: 'ingress.v3.haproxy.org/v3', kind, metadata, spec },
    opts,
  );

export interface IngressBackendArgs extends CommonEdgeArgs {
  readonly cluster: string;
  readonly ingressClass: pulumi.Input<string>;
  /** The key itself, or a variable that has it, in the form of HAProxy's configuration. */
  readonly cookieKey: pulumi.Input<string>;
  /**
   * Whether the controller serves other clusters too. Then the rules are with the backend, and the frontends stay as
   * they are.
   */
  readonly shared: boolean;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The replicas as the controller's backend, and the Ingress that binds them. */
export function ingressBackend(
  name: string,
  args: IngressBackendArgs,
  opts: pulumi.CustomResourceOptions,
): kubernetes.networking.v1.Ingress {
  const { cluster, namespace, cookieKey, shared } = args;
  const metadata = { name: edgeName(cluster), namespace, labels: labelsOf({ cluster, part: 'edge' }) };
  const spec = backendSpec(settingsOf(args), cookieKey, shared);
  const backend = haproxyResource('Backend', `${name}-backend`, metadata, spec, opts);
  return makeIngress(name, args, metadata, { ...opts, dependsOn: [backend] });
}

function makeIngress(
  name: string,
  args: IngressBackendArgs,
  metadata: { name: string; namespace: pulumi.Input<string>; labels: Record<string, string> },
  opts: pulumi.CustomResourceOptions,
): kubernetes.networking.v1.Ingress {
  const { host, replicas, namespace, certificateSecret, ingressClass, shared } = args;
  const named = isIP(host) === 0;
  const backend = { service: { name: replicas.service, port: { name: 'http' } } };
  const ofShared = {
    'haproxy.org/ssl-redirect-code': '308',
    'haproxy.org/ssl-redirect-port': String(settingsOf(args).port),
  };
  return new kubernetes.networking.v1.Ingress(
    name,
    {
      metadata: {
        ...metadata,
        annotations: {
          'haproxy.org/cr-backend': pulumi.interpolate`${namespace}/${metadata.name}`,
          'haproxy.org/scale-server-slots': String(replicas.slots),
          // The http frontend of the cluster's own controller redirects.
          'haproxy.org/ssl-redirect': String(shared),
          // The cluster's own controller comes after it, and its pods show whether it serves.
          ...(shared ? ofShared : { 'pulumi.com/skipAwait': 'true' }),
          ...args.annotations,
        },
      },
      spec: {
        ingressClassName: ingressClass,
        tls: [{ ...(named ? { hosts: [host] } : {}), secretName: certificateSecret }],
        rules: [
          {
            // For every name that clients use, but not for names of other services on the same controller.
            ...(shared && named ? { host } : {}),
            http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
          },
        ],
      },
    },
    opts,
  );
}
