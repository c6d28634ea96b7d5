import { existsSync, readFileSync } from 'node:fs';
import { writePrivate } from '../local/state-dir.ts';

const PREFIX = 'GRIDLOCK_';
const NOTE = '# Written by npm run compose, for compose.yaml; lines that do not begin with GRIDLOCK_ are kept.';

/** Compose takes what is in single quotes as it is. */
const quoted = (value: string): string => `'${value.replaceAll("'", String.raw`\'`)}'`;

/** `text` with our variables replaced by these, and everything else left alone. */
export function mergeEnv(text: string, variables: Readonly<Record<string, string>>): string {
  const kept = text.split('\n').filter((line) => line !== NOTE && !line.startsWith(PREFIX));
  while (kept.at(-1)?.trim() === '') kept.pop();
  const ours = Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`);
  return [...kept, NOTE, ...ours, ''].join('\n');
}

/** Writes our variables into the file that `docker compose` reads beside compose.yaml. */
export function writeEnv(file: string, variables: Readonly<Record<string, string>>): void {
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const text = mergeEnv(before, variables);
  if (text !== before) writePrivate(file, text);
}
