import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** A Kubernetes cluster, wherever it comes from. */
export interface Cluster {
  provider: kubernetes.Provider;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** Puts an image of this machine's Docker into the cluster; undefined where images are pulled. */
  loadImage?: (name: string, reference: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) => LoadedImage;
}

export interface LoadedImage {
  /** Known once the image is in the cluster; what it will be is known in a preview too. */
  reference: pulumi.Output<string>;
}

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
      // A changed certificate or configuration is updated in place; replaced, it would be missing for a moment.
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    },
    opts,
  );
