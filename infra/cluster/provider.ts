import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** The provider of a cluster. */
export const clusterProvider = (
  name: string,
  kubeconfig: pulumi.Input<string>,
  opts: pulumi.ResourceOptions,
): kubernetes.Provider =>
  new kubernetes.Provider(
    `${name}-provider`,
    {
      kubeconfig,
      // A stack whose cluster is gone can still be destroyed.
      deleteUnreachable: true,
      // A changed certificate or configuration is written over; made anew, it would be missing for a moment.
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    },
    opts,
  );
