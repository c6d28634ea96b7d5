import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import { type ChartPlace, mirrored } from '../artifacts.ts';
import { definitionsLabels, edgeName } from './names.ts';

const TIMEOUT_SECONDS = 600;

export interface DefinitionsArgs {
  readonly cluster: string;
  readonly namespace: pulumi.Input<string>;
  readonly chart: ChartPlace;
  readonly image: string;
  readonly imageMirror: string;
  readonly ingressClass: pulumi.Input<string>;
  /** ServiceAccount of the job that makes the definitions. */
  readonly jobAccount: pulumi.Input<string>;
}

/** The image's repository and tag or digest, which the chart joins again. */
function imageParts(image: string): { repository: string; tag: string } {
  const [, repository = image, tag = ''] =
    /^(.+@sha256):([0-9a-f]{64})$/.exec(image) ?? /^(.+):([^/:]+)$/.exec(image) ?? [];
  return { repository, tag };
}

/**
 * The needed part of the controller's chart: the class, and a job that makes the definitions of the custom resources.
 * The workload is our own, because the chart's reads the Secrets of the whole cluster, writes to its root file system,
 * and asks the same question with three probes.
 */
export function controllerDefinitions(
  name: string,
  args: DefinitionsArgs,
  opts: pulumi.CustomResourceOptions,
): kubernetes.helm.v3.Release {
  const { cluster, namespace, chart, image, imageMirror, ingressClass, jobAccount } = args;
  return new kubernetes.helm.v3.Release(
    name,
    {
      ...chart,
      name: edgeName(cluster),
      namespace,
      timeout: TIMEOUT_SECONDS,
      values: {
        fullnameOverride: `${edgeName(cluster)}-definitions`,
        rbac: { create: false },
        serviceAccount: { create: false, name: jobAccount },
        controller: {
          // Neither a Deployment nor a DaemonSet.
          kind: 'None',
          image: imageParts(mirrored({ imageMirror }, image)),
          enableRuntimeDefaultSeccompProfile: true,
          allowPrivilegeEscalation: false,
          podLabels: definitionsLabels(cluster),
          service: { enabled: false },
          defaultTLSSecret: { enabled: false },
          ingressClass,
          ingressClassResource: { name: ingressClass },
        },
        crdjob: {
          resources: {
            requests: { cpu: '10m', memory: '64Mi' },
            limits: { cpu: '500m', memory: '256Mi' },
          },
        },
      },
    },
    opts,
  );
}
