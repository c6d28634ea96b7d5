import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { type ChartPlace, mirrored } from '../artifacts.ts';

export interface MetricsServerArgs {
  readonly chart: ChartPlace;
  /** A registry and path that the image comes from; default: the chart's own registry. */
  readonly imageMirror?: string | undefined;
  /**
   * Skips the check of the kubelets' certificates. kind needs that, because no authority signs them there. Default:
   * false.
   */
  readonly anyKubelet?: boolean;
}

const REPOSITORY = 'registry.k8s.io/metrics-server/metrics-server';

/** metrics-server, which reports the CPU use of pods. A cluster has one, in `kube-system`. */
export class MetricsServer extends pulumi.ComponentResource {
  constructor(name: string, args: MetricsServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:components:MetricsServer', name, {}, opts);
    const { chart, imageMirror = '', anyKubelet = false } = args;
    new kubernetes.helm.v3.Release(
      name,
      {
        ...chart,
        name: 'metrics-server',
        namespace: 'kube-system',
        values: {
          args: anyKubelet ? ['--kubelet-insecure-tls'] : [],
          ...(imageMirror === '' ? {} : { image: { repository: mirrored({ imageMirror }, REPOSITORY) } }),
        },
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
