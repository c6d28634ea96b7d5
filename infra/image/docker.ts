import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The environment for docker: without the BuildKit plugin, it selects the classic builder. */
let environment: Promise<NodeJS.ProcessEnv> | undefined;

export function dockerEnvironment(): Promise<NodeJS.ProcessEnv> {
  environment ??= run('docker', ['buildx', 'version']).then(
    () => process.env,
    () => ({ ...process.env, DOCKER_BUILDKIT: '0' }),
  );
  return environment;
}

/** Runs docker and resolves with what it prints. @throws with what it prints to stderr */
export async function docker(args: readonly string[], env: NodeJS.ProcessEnv = {}, input = ''): Promise<string> {
  const merged = { ...(await dockerEnvironment()), ...env };
  try {
    const running = run('docker', [...args], { env: merged, maxBuffer: 1 << 26 });
    // A reader that stops reading is not a failure here.
    running.child.stdin?.on('error', () => undefined).end(input);
    return (await running).stdout;
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    throw new Error(`docker ${args.slice(0, 2).join(' ')} failed: ${(stderr || stdout || String(error)).trim()}`);
  }
}

/** A sentence that says why docker, or one of these images, cannot be used here; undefined when all can. */
export async function dockerProblem(...images: readonly string[]): Promise<string | undefined> {
  try {
    await docker(['version', '--format', '{{.Server.Version}}']);
  } catch (error) {
    const missing = (error as Error).message.includes('ENOENT');
    return missing
      ? 'Docker is not installed: install it to run this.'
      : `Docker does not answer: start it to run this (${(error as Error).message.split('\n').at(-1)}).`;
  }
  for (const image of images) {
    const found = await docker(['image', 'inspect', image]).then(
      () => true,
      () => false,
    );
    if (found) continue;
    const pulled = await docker(['pull', '--quiet', image]).then(
      () => true,
      () => false,
    );
    if (!pulled) return `The image ${image} is neither here nor can it be pulled: load it to run this.`;
  }
  return undefined;
}
