// The Node.js that everything runs on: its place, and how it is installed. Plain JavaScript without packages.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinary, PART_BINARIES } from './binaries.mjs';
import { run, SetupError, step } from './step.mjs';
import { installParts } from './system-parts.mjs';

const PIN_FILE = 'infra/setup/node.json';
export const PIN = JSON.parse(readFileSync(new URL('node.json', import.meta.url), 'utf8'));
const HERE = `${process.platform}-${process.arch}`;
const WRONG_DIGEST = /DO NOT MATCH THE HASHES/;

function sourceOf(platform, pin) {
  const source = pin.platforms[platform];
  if (source) return source;
  throw new SetupError(`Gridlock runs on ${Object.keys(pin.platforms).join(', ')}; this machine is ${platform}.`);
}

/** The path of the pinned Node once the set-up has run. */
export function nodeBinary(root, platform = HERE, pin = PIN) {
  const { npm } = sourceOf(platform, pin);
  // npm removes from node_modules what it did not install.
  const home = npm ? ['node_modules', npm] : ['.tools', 'node', `${pin.version}-${platform}`];
  return path.join(root, ...home, 'bin', 'node');
}

/**
 * Lets pip fetch a wheel of any platform, check its digest and unpack it into a directory.
 * @returns the directory that has the program `node` and its license
 */
export async function unpackWheel({ wheel, tag, sha256, files }, directory) {
  const requirements = path.join(directory, 'requirements.txt');
  const target = path.join(directory, 'wheel');
  writeFileSync(requirements, `${wheel} --hash=sha256:${sha256}\n`);
  const args = ['install', '--require-hashes', '--requirement', requirements, '--target', target, '--no-deps'];
  // No Python of the wheel is run, so the version that it asks for does not matter: a Mac may only have 3.9.
  args.push('--only-binary=:all:', '--platform', tag, '--ignore-requires-python', '--no-compile');
  // User settings that pip refuses together with --target.
  const env = { ...process.env, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0', PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  try {
    await run(`pip install ${wheel}`, findBinary(...PART_BINARIES.pip), args, { env });
  } catch (error) {
    if (!WRONG_DIGEST.test(error.message)) throw error;
    throw new SetupError(
      `pip got a wheel ${wheel} for ${tag} whose sha256 is not the one in ${PIN_FILE}, and nothing was kept. ` +
        'Check the package index that pip config list names.',
    );
  }
  return path.join(target, files);
}

/**
 * Makes the whole home of Node elsewhere and renames it, so that an existing home is complete and has the right
 * version.
 */
async function fetchNode(source, binary, version) {
  const home = path.resolve(binary, '../..');
  const temporary = path.join(home, '../fetching');
  const made = path.join(temporary, 'node', 'bin', 'node');
  // Left by a set-up that was killed; no other one runs, as this one has the lock.
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(path.dirname(made), { recursive: true });
  try {
    const files = await unpackWheel(source, temporary);
    renameSync(path.join(files, 'node'), made);
    renameSync(path.join(files, 'LICENSE'), path.join(temporary, 'node', 'LICENSE'));
    chmodSync(made, 0o755);
    const found = (await run('node --version', made, ['--version'])).trim();
    if (found !== `v${version}`) {
      throw new SetupError(
        `The wheel ${source.wheel} has Node ${found}, but ${PIN_FILE} says v${version}: correct that file.`,
      );
    }
    renameSync(path.join(temporary, 'node'), home);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * The step for the pinned Node: a function, or undefined when it is installed or comes with the npm packages.
 * @throws SetupError on a platform that has no Node here
 */
export function nodeStep(root, platform = HERE, pin = PIN) {
  const source = sourceOf(platform, pin);
  const binary = nodeBinary(root, platform, pin);
  if (source.npm || existsSync(binary)) return undefined;
  return async () => {
    if (!findBinary(...PART_BINARIES.pip)) await installParts(['pip']);
    await step(`fetching Node ${pin.version}`, () => fetchNode(source, binary, pin.version));
  };
}
