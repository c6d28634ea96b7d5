import { ConfigError } from '../../infra/config/config.ts';
import type { Crowd } from './sockets.ts';
import type { System } from './system.ts';

/** A running system, with its crowd of open sockets. */
export interface Scene<Kind extends System = System> {
  readonly system: Kind;
  readonly crowd: Crowd;
}

/** An action on a system, with the checks that follow it. */
export interface Scenario<Kind extends System = System> {
  /** Its name for `--only`. */
  readonly name: string;
  readonly title: string;
  readonly run: (scene: Scene<Kind>) => Promise<string | void>;
}

/** The scenarios with the given names, or all if none is given. @throws ConfigError for an unknown name */
export function chosenOf<Named extends { readonly name: string }>(
  all: readonly Named[],
  only: readonly string[],
): Named[] {
  const names = [...new Set(all.map(({ name }) => name))];
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new ConfigError(`There is no scenario ${unknown} in this mode: choose from ${names.join(', ')}.`);
  return only.length === 0 ? [...all] : all.filter(({ name }) => only.includes(name));
}
