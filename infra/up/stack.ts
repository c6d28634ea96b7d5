import { existsSync, mkdirSync } from 'node:fs';
import { type Config, ConfigError, readConfig, readFlags } from '../config/config.ts';
import { KEYS, type Key } from '../config/keys.ts';
import { writePrivate } from '../local/state-dir.ts';
import { openBackend, stackExists } from './backend.ts';
import { Engine, type StateResource } from './engine.ts';
import { requireUnlocked } from './locks.ts';
import { checkedInFile, ROOT, type UpPaths, upPaths } from './paths.ts';
import { encryptedKeys, remadeFrom } from './stack-file.ts';
import { downloadEngine, requireTools, TOOLS, toolsFor } from './tools.ts';

type Flags = ReturnType<typeof readFlags>['flags'];

/** A stack as its file and the flags of this run describe it. */
export interface StackRequest {
  stack: string;
  flags: Flags;
  paths: UpPaths;
  /** The text for the working copy. */
  copy: string;
  config: Config;
}

/** Reads the stack's file and the flags; writes nothing. @throws ConfigError with one sentence for the first fault */
export function readRequest(args: readonly string[]): StackRequest {
  const { stack, flags } = readFlags(args, 'cluster');
  const file = checkedInFile(stack);
  if (stack !== 'dev' && !existsSync(file)) throw new ConfigError(`There is no stack ${stack}: ${file} is missing.`);
  const stateDir = flags.get('stateDir')?.value ?? readConfig({ args: ['--stack', stack], directory: ROOT }).stateDir;
  const paths = upPaths(String(stateDir), stack);
  const copy = remadeFrom(file, paths.stackFile, flags);
  return { stack, flags, paths, copy, config: checkedConfig(args, copy, paths) };
}

/** Secrets of an earlier run are in the working copy only. */
function checkedConfig(args: readonly string[], copy: string, paths: UpPaths): Config {
  if (encryptedKeys(copy).length === 0) return readConfig({ args, directory: ROOT, target: 'cluster' });
  writeCopy(paths, copy);
  return readConfig({ args, directory: paths.project, projectDirectory: ROOT, target: 'cluster' });
}

function writeCopy(paths: UpPaths, copy: string): void {
  mkdirSync(paths.project, { recursive: true, mode: 0o700 });
  writePrivate(paths.stackFile, copy);
}

/**
 * The engine on the stack, which is made when it does not exist. Tools are checked, and backend, working copy and
 * secrets are in place. @param check checks the resources of the stack before anything is written; throws when it
 * cannot be brought up
 * @throws PreflightError when a tool is missing
 */
export async function openStack(
  { stack, flags, paths, copy, config }: StackRequest,
  check: (resources: readonly StateResource[]) => Promise<void>,
): Promise<Engine> {
  const binary = requireTools(toolsFor(config), downloadEngine);
  const engine = new Engine(binary, stack, paths, openBackend(paths, stack, binary));
  requireUnlocked(paths, stack);
  const isThere = stackExists(paths, stack);
  await check(isThere ? engine.resources() : []);
  writeCopy(paths, copy);
  if (!isThere) engine.init();
  for (const [key, { value }] of flags) setSecret(engine, key, value);
  return engine;
}

/** The engine on an existing stack, whatever its resources. @throws PreflightError without an engine */
export function openKnownStack(stack: string, paths: UpPaths): Engine {
  const binary = requireTools([TOOLS.pulumi], downloadEngine);
  return new Engine(binary, stack, paths, openBackend(paths, stack, binary));
}

function setSecret(engine: Engine, key: Key, value: unknown): void {
  if (KEYS[key].secret) engine.setSecret(`gridlock:${key}`, String(value));
}
