import path from 'node:path';
import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { Cluster } from '../cluster/cluster.ts';
import { mirrored } from '../components/artifacts.ts';
import type { Config } from '../config/config.ts';
import { type Bundle, bundle } from '../image/bundle.ts';

/** Name of the image on this machine and in kind. */
const LOCAL_NAME = 'gridlock/game';

export interface GridlockImageArgs {
  readonly config: Config;
  /** The cluster that loads an image that is not pushed. */
  readonly cluster: Pick<Cluster, 'loadImage'>;
  /** Writes the build context of the image; default: from this checkout. */
  readonly sources?: (config: Config, baseImage: string) => Promise<Bundle>;
}

/**
 * The image of all our programs: built from this checkout and pushed, or loaded into the cluster. Its tag is the hash
 * of its content, so that the two change together. A reference in the configuration is used unchanged.
 */
export class GridlockImage extends pulumi.ComponentResource {
  /** The reference for pods, known once the cluster can pull it. */
  readonly reference: pulumi.Output<string>;

  constructor(name: string, args: GridlockImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:program:GridlockImage', name, {}, opts);
    const { config, cluster } = args;
    if (config.image !== '') {
      this.reference = pulumi.output(config.image);
    } else {
      const image = this.#build(name, args);
      const load = config.imageRepository === '' ? cluster.loadImage : undefined;
      const loaded = load?.(`${name}-load`, image.imageName, { parent: this, dependsOn: image });
      this.reference = loaded?.reference ?? image.imageName;
    }
    this.registerOutputs({ reference: this.reference });
  }

  #build(name: string, { config, sources = fromCheckout }: GridlockImageArgs): docker.Image {
    const baseImage = mirrored(config, config.baseImage);
    const built = pulumi.output(sources(config, baseImage));
    const repository = config.imageRepository === '' ? LOCAL_NAME : config.imageRepository;
    return new docker.Image(
      name,
      {
        imageName: pulumi.interpolate`${repository}:${built.hash}`,
        build: {
          // Relative, so that moving the checkout is not a change.
          context: built.context.apply((context) => path.relative(process.cwd(), context)),
          dockerfile: built.context.apply((context) => path.relative(process.cwd(), path.join(context, 'Dockerfile'))),
          args: { BASE_IMAGE: baseImage },
          builderVersion: BUILDERS[config.imageBuilder],
          ...(config.cluster === 'eks' ? { platform: EKS_PLATFORM } : {}),
        },
        skipPush: config.imageRepository === '',
      },
      { parent: this },
    );
  }
}

const BUILDERS = { buildkit: 'BuilderBuildKit', classic: 'BuilderV1' } as const;
/** The platform of EKS Auto Mode's nodes, whatever this machine is. */
const EKS_PLATFORM = 'linux/amd64';

const fromCheckout = ({ app }: Config, baseImage: string): Promise<Bundle> => bundle({ app, baseImage });
