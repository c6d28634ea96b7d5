import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { findBinary } from '../../infra/setup/binaries.mjs';
import { LoadProblem } from './problem.ts';

const OLDEST = [1, 8] as const;
const TOOLS = path.resolve(import.meta.dirname, '../../.tools/bin/k6');
const HOW =
  'install Go and run npm run load, which builds it into .tools, or get it from https://k6.io and put it on the PATH';

/** `k6 v1.8.1 (go1.26, linux/amd64)` -> [1, 8, 1]; undefined for what is no version. */
export function versionOf(text: string): readonly [number, number, number] | undefined {
  const match = /\bv?(\d+)\.(\d+)\.(\d+)\b/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

export const isNewEnough = ([major, minor]: readonly number[]): boolean =>
  major! > OLDEST[0] || (major === OLDEST[0] && minor! >= OLDEST[1]);

export interface K6Binary {
  readonly path: string;
  readonly version: string;
}

/** Of the k6 on the PATH and the one in `.tools`, the first that is new enough. @throws LoadProblem without one */
export function findK6(): K6Binary {
  const seen: string[] = [];
  for (const candidate of new Set([findBinary('k6'), findBinary(TOOLS)])) {
    if (candidate === undefined) continue;
    const text = execFileSync(candidate, ['version'], { encoding: 'utf8' });
    const version = versionOf(text);
    if (version && isNewEnough(version)) return { path: candidate, version: version.join('.') };
    seen.push(`${candidate} is ${version?.join('.') ?? 'of no version it would tell'}`);
  }
  const found = seen.length > 0 ? `${seen.join('; ')}` : 'there is no k6 on the PATH or in .tools';
  throw new LoadProblem(`The load runs need k6 ${OLDEST.join('.')} or newer, and ${found}: ${HOW}.`);
}
