import { mirrored } from '../../infra/components/artifacts.ts';
import type { Config } from '../../infra/config/config.ts';
import { bundle } from '../../infra/image/bundle.ts';
import { docker } from '../../infra/image/docker.ts';
import { imagesHere } from './kind.ts';

/** Builds the image as the program would; `mine` tells that it was not there before. */
export async function buildImage(config: Config): Promise<{ reference: string; mine: boolean }> {
  const baseImage = mirrored(config, config.baseImage);
  const { context, hash } = await bundle({ baseImage });
  const reference = `gridlock/game:${hash}`;
  const mine = (await imagesHere([reference])).length === 0;
  await docker(['build', '--quiet', '--build-arg', `BASE_IMAGE=${baseImage}`, '--tag', reference, context]);
  return { reference, mine };
}

/** Images of others that the stack runs and this machine may have. */
export const ownImages = (config: Config): string[] =>
  [config.redisImage, config.haproxyImage].map((image) => mirrored(config, image));

export async function addedMegabytes(image: string, base: string): Promise<number> {
  const size = async (name: string) => Number(await docker(['image', 'inspect', '--format', '{{.Size}}', name]));
  return Math.round(((await size(image)) - (await size(base))) / 100_000) / 10;
}
