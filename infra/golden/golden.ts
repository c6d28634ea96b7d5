// The whole program of some stacks as text, checked in, so that a review sees what a change does to a
// cluster.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from '../config/config.ts';
import { sorted, toYaml } from '../render/manifest.ts';
import type { Registration } from '../render/registration.ts';
import { render } from '../render/render.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Stacks with a golden, and where their configuration is. */
export const STACKS = Object.freeze({
  dev: ROOT,
  cloud: ROOT,
  sentinel: import.meta.dirname,
  stateful: import.meta.dirname,
  'socket-io': import.meta.dirname,
});
export type Stack = keyof typeof STACKS;
export const stacks = Object.keys(STACKS) as Stack[];

/** What changes with every source file and says nothing. */
const NORMALISED: readonly [RegExp, string][] = [
  [/(?<=\/game:)[0-9a-f]{12}\b/g, '000000000000'],
  [/[^\s"']*\.artifacts\/image\/[0-9a-f]{12}/g, '.artifacts/image/000000000000'],
];
const normalised = (text: string): string =>
  NORMALISED.reduce((all, [pattern, replacement]) => all.replace(pattern, replacement), text);

const described = ({ type, name, parent, inputs }: Registration): unknown => ({
  type,
  name,
  ...(parent === undefined ? {} : { parent }),
  inputs: sorted(inputs),
});

/** Golden files of a stack by name: what the API server gets, and what else the engine does. */
export async function golden(stack: Stack): Promise<Record<string, string>> {
  const config = readConfig({ args: ['--stack', stack], directory: STACKS[stack], target: 'cluster' });
  const { manifests, others } = await render(config);
  const descriptions = others.map(described).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return {
    [`${stack}.yaml`]: normalised(toYaml(manifests)),
    [`${stack}.resources.yaml`]: normalised(toYaml(descriptions)),
  };
}

export const goldenFile = (name: string): string => path.join(import.meta.dirname, name);

/** The checked-in text; empty where there is none yet. */
export function checkedIn(name: string): string {
  try {
    return readFileSync(goldenFile(name), 'utf8');
  } catch {
    return '';
  }
}

/** Renders all goldens again, and says which changed. */
export async function renderGoldens(): Promise<void> {
  for (const stack of stacks) {
    for (const [name, text] of Object.entries(await golden(stack))) {
      const same = checkedIn(name) === text;
      if (!same) writeFileSync(goldenFile(name), text);
      process.stdout.write(`${same ? 'same   ' : 'changed'} infra/golden/${name}\n`);
    }
  }
}
