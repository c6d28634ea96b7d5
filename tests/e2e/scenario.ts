import { ConfigError } from '../../infra/config/config.ts';
import type { Crowd } from './sockets.ts';
import type { System } from './system.ts';

/** A system that runs, and people on it. */
export interface Scene<Kind extends System = System> {
  readonly system: Kind;
  readonly crowd: Crowd;
}

/** Something that is done to a system, and what must hold then. */
export interface Scenario<Kind extends System = System> {
  /** How `--only` names it. */
  readonly name: string;
  readonly title: string;
  readonly run: (scene: Scene<Kind>) => Promise<string | void>;
}

/** Those that were asked for by name; all where none was. @throws ConfigError for a name that there is not */
export function chosenOf<Named extends { readonly name: string }>(
  all: readonly Named[],
  only: readonly string[],
): Named[] {
  const names = [...new Set(all.map(({ name }) => name))];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`There is no scenario ${unknown} in this mode: there are ${names.join(', ')}.`);
  return only.length === 0 ? [...all] : all.filter(({ name }) => only.includes(name));
}
