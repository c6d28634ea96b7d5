import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';

/** The arguments of every part of a WebSocket cluster. */
export interface PartArgs {
  /** Its namespace. */
  readonly namespace: pulumi.Input<string>;
  /** Name of the WebSocket cluster that it belongs to; default: the name of the part. */
  readonly cluster?: string;
  /** Put before the reference of every image that the part chooses itself, such as `mirror.example/images`. */
  readonly imageMirror?: string | undefined;
}

/** Options of pods that a cluster may require. */
export interface PodOptions {
  readonly imagePullSecrets?: readonly string[];
  readonly nodeSelector?: Readonly<Record<string, string>>;
  readonly tolerations?: readonly types.input.core.v1.Toleration[];
  readonly priorityClassName?: string;
  readonly annotations?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly volumes?: readonly types.input.core.v1.Volume[];
  /** Of the main container. */
  readonly volumeMounts?: readonly types.input.core.v1.VolumeMount[];
}

/**
 * The last resort: gets the arguments of each Kubernetes object that a component makes, and returns those that it is
 * made with. `kind` is that of the object, such as `Deployment`, or `Release` for a Helm chart; `name` is that of its
 * Pulumi resource. Values may be outputs.
 */
export type Transform = (kind: string, name: string, object: object) => object;

/** The option of a component that applies a transform to each Kubernetes object in it. */
export const transformed = (transform: Transform | undefined): Pick<pulumi.ResourceOptions, 'transformations'> =>
  transform === undefined
    ? {}
    : {
        transformations: [
          ({ type, name, props, opts }) => {
            const [provider, , kind] = type.split(':');
            if (provider !== 'kubernetes' || kind === undefined) return undefined;
            return { props: transform(kind, name, props), opts };
          },
        ],
      };
