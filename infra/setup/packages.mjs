import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { progress, run } from './step.mjs';

const STAMP = 'node_modules/.gridlock-install';
/**
 * What runs needs the packages of `dependencies`; what builds, tests and deploys needs those of development
 * too.
 */
const RUNTIME = 'runtime';
const ALL = 'all';

const fits = (wanted, here) => wanted === undefined || [].concat(wanted).includes(here);

/** Packages of the lockfile this machine must have, as [path, version]. */
function wantedPackages(lockfile, set) {
  return Object.entries(JSON.parse(lockfile).packages)
    .filter(([place, entry]) => place && fits(entry.os, process.platform) && fits(entry.cpu, process.arch))
    .filter(([, entry]) => set === ALL || !(entry.dev || entry.devOptional))
    .filter(([, entry]) => !entry.optional || (entry.os && !entry.libc))
    .map(([place, entry]) => [place, entry.version]);
}

/**
 * True when what npm recorded as installed is what the lockfile asks for: somebody ran `npm ci` themselves.
 */
function installedMatches(root, wanted) {
  try {
    const hidden = JSON.parse(readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8')).packages;
    return wanted.every(([place, version]) => hidden[place]?.version === version);
  } catch {
    return false;
  }
}

/** What an earlier set-up installed: the lockfile's digest with the platform, and the set. */
function readStamp(stampFile) {
  if (!existsSync(stampFile)) return {};
  const [digest, platform, set] = readFileSync(stampFile, 'utf8').trim().split(' ');
  return { installed: `${digest} ${platform}`, set };
}

/**
 * What is to be done for the npm packages of a profile: a function, or undefined when they are as the
 * lockfile wants them. Where all packages are installed, all stay.
 */
export function packagesStep(root, profile) {
  const lockfile = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const stampFile = path.join(root, STAMP);
  const stamp = readStamp(stampFile);
  const set = ['packages', 'start'].includes(profile) && stamp.set !== ALL ? RUNTIME : ALL;
  const wanted = wantedPackages(lockfile, set);
  const complete = wanted.every(([place]) => existsSync(path.join(root, place, 'package.json')));
  const current = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}`;
  if (complete && stamp.installed === current && [set, ALL].includes(stamp.set)) return undefined;
  return () => {
    if (!(complete && installedMatches(root, wanted))) {
      progress('installing npm packages from the lockfile');
      const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      // Whatever NODE_ENV or the user's npm configuration leaves out: Node itself is an optional package.
      args.push(set === ALL ? '--include=dev' : '--omit=dev', '--include=optional');
      // Started by npm: use that very npm, which need not be the one on PATH.
      const npm = process.env.npm_execpath;
      if (npm?.endsWith('npm-cli.js')) run('npm ci', process.execPath, [npm, ...args], { cwd: root });
      else run('npm ci', 'npm', args, { cwd: root });
    }
    mkdirSync(path.dirname(stampFile), { recursive: true });
    const all = wantedPackages(lockfile, ALL);
    const everything = all.length === wanted.length || installedMatches(root, all);
    writeFileSync(stampFile, `${current} ${everything ? ALL : set}\n`);
  };
}
