import * as kubernetes from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** A Kubernetes cluster, wherever it comes from. */
export interface Cluster {
  provider: kubernetes.Provider;
  /** Secret. */
  kubeconfig: pulumi.Output<string>;
  /** Loads an image from this machine's Docker into the cluster; undefined where images are pulled. */
  loadImage?: (name: string, reference: pulumi.Input<string>, opts: pulumi.CustomResourceOptions) => LoadedImage;
}

export interface LoadedImage {
  /** Resolves once the image is in the cluster; in a preview, with the reference that it will have. */
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
      // A stack whose cluster no longer exists can still be destroyed.
      deleteUnreachable: true,
      // A changed certificate or configuration is updated in place. A replaced one would be missing for a moment.
      enableSecretMutable: true,
      enableConfigMapMutable: true,
    },
    opts,
  );
