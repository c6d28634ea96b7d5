import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { progress, run } from './step.mjs';

const STAMP = 'node_modules/.gridlock-install';

const fits = (wanted, here) => wanted === undefined || [].concat(wanted).includes(here);

/** Packages of the lockfile this machine must have, as [path, version]. */
function wantedPackages(lockfile) {
  return Object.entries(JSON.parse(lockfile).packages)
    .filter(([place, entry]) => place && fits(entry.os, process.platform) && fits(entry.cpu, process.arch))
    .filter(([, entry]) => !entry.optional || (entry.os && !entry.libc))
    .map(([place, entry]) => [place, entry.version]);
}

/**
 * True when what npm recorded as installed is what the lockfile asks for: somebody ran `npm ci` themselves.
 */
function installedMatches(root, wanted) {
  try {
    const hidden = JSON.parse(
      readFileSync(path.join(root, 'node_modules/.package-lock.json'), 'utf8'),
    ).packages;
    return wanted.every(([place, version]) => hidden[place]?.version === version);
  } catch {
    return false;
  }
}

/**
 * What is to be done for the npm packages: a function, or undefined when they are as the lockfile wants them.
 */
export function packagesStep(root) {
  const lockfile = readFileSync(path.join(root, 'package-lock.json'), 'utf8');
  const wanted = wantedPackages(lockfile);
  const complete = wanted.every(([place]) => existsSync(path.join(root, place, 'package.json')));
  const stamp = `${createHash('sha256').update(lockfile).digest('hex')} ${process.platform}-${process.arch}\n`;
  const stampFile = path.join(root, STAMP);
  if (complete && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return undefined;
  return () => {
    if (!(complete && installedMatches(root, wanted))) {
      progress('installing npm packages from the lockfile');
      const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
      // Whatever NODE_ENV or the user's npm configuration leaves out: Node itself is an optional package.
      args.push('--include=dev', '--include=optional');
      // Started by npm: use that very npm, which need not be the one on PATH.
      const npm = process.env.npm_execpath;
      if (npm?.endsWith('npm-cli.js')) run('npm ci', process.execPath, [npm, ...args], { cwd: root });
      else run('npm ci', 'npm', args, { cwd: root });
    }
    mkdirSync(path.dirname(stampFile), { recursive: true });
    writeFileSync(stampFile, stamp);
  };
}
