import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run, SetupError, step } from './step.mjs';

const STAMP = 'node_modules/.gridlock-install';
/** npm's own record of what it installed. */
const RECORD = 'node_modules/.package-lock.json';
/** Running needs the packages of `dependencies`; building, testing and deploying also needs those of development. */
const RUNTIME = 'runtime';
const ALL = 'all';
const RUNTIME_PROFILES = ['packages', 'start'];

const fits = (wanted, here) => wanted === undefined || [].concat(wanted).includes(here);

/** Packages of the lockfile this machine must have, as [path, version]. */
function wantedPackages(lockfile, set) {
  return Object.entries(JSON.parse(lockfile).packages)
    .filter(([place, entry]) => place && fits(entry.os, process.platform) && fits(entry.cpu, process.arch))
    .filter(([, entry]) => set === ALL || !(entry.dev || entry.devOptional))
    .filter(([, entry]) => !entry.optional || (entry.os && !entry.libc))
    .map(([place, entry]) => [place, entry.version]);
}

/** The packages in npm's record that differ from the lockfile. */
function unlike(root, wanted) {
  try {
    const hidden = JSON.parse(readFileSync(path.join(root, RECORD), 'utf8')).packages;
    return wanted.filter(([place, version]) => hidden[place]?.version !== version).map(([place]) => place);
  } catch {
    return wanted.map(([place]) => place);
  }
}

/** The stamp of an earlier set-up: the lockfile's digest with the platform, and the set. */
function readStamp(stampFile) {
  if (!existsSync(stampFile)) return {};
  const [digest, platform, set] = readFileSync(stampFile, 'utf8').trim().split(' ');
  return { installed: `${digest} ${platform}`, set };
}

/**
 * Adds missing packages and replaces those with another version. It touches nothing else: a cluster may be running from
 * these packages, and `npm ci` would remove them all first.
 */
async function install(root, set, wanted) {
  const args = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  // Whatever NODE_ENV or the user's npm configuration leaves out: Node itself is an optional package.
  args.push(set === ALL ? '--include=dev' : '--omit=dev', '--include=optional');
  // When npm started us, use the same npm, which may not be the one on PATH.
  const npm = process.env.npm_execpath;
  if (npm?.endsWith('npm-cli.js')) await run('npm install', process.execPath, [npm, ...args], { cwd: root });
  else await run('npm install', 'npm', args, { cwd: root });
  // npm follows package.json where the lockfile disagrees.
  const wrong = unlike(root, wanted);
  if (wrong.length === 0) return;
  throw new SetupError(
    `npm did not install what package-lock.json says: ${wrong.slice(0, 5).join(', ')}. ` +
      'Bring package.json and package-lock.json into agreement with npm install.',
  );
}

/**
 * The step for the npm packages of a profile: a function, or undefined when they match the lockfile. Where all packages
 * are installed, all stay.
 */
export function packagesStep(root, profile) {
  const lockfile = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const stampFile = path.join(root, STAMP);
  const stamp = readStamp(stampFile);
  const set = RUNTIME_PROFILES.includes(profile) && stamp.set !== ALL ? RUNTIME : ALL;
  const wanted = wantedPackages(lockfile, set);
  const complete = wanted.every(([place]) => existsSync(path.join(root, place, 'package.json')));
  const current = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}`;
  if (complete && stamp.installed === current && [set, ALL].includes(stamp.set)) return undefined;
  return async () => {
    if (!complete || !existsSync(path.join(root, RECORD)) || unlike(root, wanted).length > 0) {
      await step('installing npm packages from the lockfile', () => install(root, set, wanted));
    }
    mkdirSync(path.dirname(stampFile), { recursive: true });
    const all = wantedPackages(lockfile, ALL);
    const everything = all.length === wanted.length || unlike(root, all).length === 0;
    writeFileSync(stampFile, `${current} ${everything ? ALL : set}\n`);
  };
}
