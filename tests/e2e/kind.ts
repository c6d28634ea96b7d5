import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import { kindConfig } from '../../infra/cluster/kind-config.ts';
import { mirrored } from '../../infra/components/artifacts.ts';
import type { Config } from '../../infra/config/config.ts';
import { bundle } from '../../infra/image/bundle.ts';
import { docker } from '../../infra/image/docker.ts';

const run = promisify(execFile);

/** kind writes into a kubeconfig: the user's own is not ours to change. */
async function kind(args: readonly string[], input = ''): Promise<string> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-kind-'));
  try {
    const running = run('kind', [...args], { env: { ...process.env, KUBECONFIG: path.join(directory, 'config') } });
    running.child.stdin?.end(input);
    return (await running).stdout;
  } catch (error) {
    const { stderr } = error as { stderr?: string };
    throw new Error(`kind ${args.slice(0, 2).join(' ')} failed: ${(stderr ?? String(error)).trim()}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Makes the cluster exactly as the program does, and like the program adopts an existing one. */
export async function ensureCluster(config: Config): Promise<{ made: boolean; told: string }> {
  const told = `kind ${config.clusterName}, ${1 + config.workers} nodes`;
  if (await clusterExists(config.clusterName)) return { made: false, told: `${told}, there before` };
  const args = ['create', 'cluster', '--name', config.clusterName, '--config', '-', '--wait', '120s'];
  await kind(args, stringify(kindConfig(config)));
  return { made: true, told };
}

export const deleteCluster = (name: string): Promise<string> => kind(['delete', 'cluster', '--name', name]);

/** The containers of its nodes, even of a half-made cluster. */
export const nodesOf = async (name: string): Promise<string[]> =>
  (await docker(['ps', '--all', '--filter', `label=io.x-k8s.kind.cluster=${name}`, '--format', '{{.Names}}']))
    .split('\n')
    .filter(Boolean);

export const clusterExists = async (name: string): Promise<boolean> =>
  (await kind(['get', 'clusters'])).split('\n').includes(name);

/** Loads the images that this machine's Docker has. The cluster pulls the others. */
export async function imagesHere(images: readonly string[]): Promise<string[]> {
  const inspect = (image: string) => docker(['image', 'inspect', image]);
  const here = await Promise.all(
    images.map((image) =>
      inspect(image).then(
        () => true,
        () => false,
      ),
    ),
  );
  return images.filter((_, index) => here[index]);
}

export async function loadImages(cluster: string, images: readonly string[]): Promise<string> {
  if (images.length > 0) await kind(['load', 'docker-image', '--name', cluster, ...images]);
  return `${images.length} images`;
}

/** Builds the image as the program would. `mine` is true if the image did not exist before. */
export async function buildImage(config: Config): Promise<{ reference: string; mine: boolean }> {
  const baseImage = mirrored(config, config.baseImage);
  const { context, hash } = await bundle({ app: config.app, baseImage });
  const reference = `gridlock/game:${hash}`;
  const mine = (await imagesHere([reference])).length === 0;
  await docker(['build', '--quiet', '--build-arg', `BASE_IMAGE=${baseImage}`, '--tag', reference, context]);
  return { reference, mine };
}

/** Third-party images that the stack runs and that this machine may have. */
export const ownImages = (config: Config): string[] =>
  [config.redisImage, config.haproxyImage].map((image) => mirrored(config, image));

export async function addedMegabytes(image: string, base: string): Promise<number> {
  const size = async (name: string) => Number(await docker(['image', 'inspect', '--format', '{{.Size}}', name]));
  return Math.round(((await size(image)) - (await size(base))) / 100_000) / 10;
}
