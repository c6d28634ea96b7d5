import { readFileSync } from 'node:fs';
import type { Store } from './connect.ts';

type Argument = string | number;

/** Runs one script inside Redis: keys first, then arguments. */
export type Script = (keys: readonly string[], args: readonly Argument[]) => Promise<unknown>;

const read = (file: URL): string => readFileSync(file, 'utf8');

/**
 * Makes a script of the files, joined in order, known to the client. It is sent whole once, then by its
 * digest.
 */
export function defineScript(redis: Store, name: string, files: readonly URL[]): Script {
  redis.defineCommand(name, { lua: files.map(read).join('\n') });
  const command = (redis as unknown as Record<string, (...args: Argument[]) => Promise<unknown>>)[name];
  return (keys, args) => command!.call(redis, keys.length, ...keys, ...args);
}
