import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { CLUSTER_CHECKS, LOCAL_CHECKS } from './checks.ts';
import { flagOf, isList, KEYS, type Key, LOCAL_KEYS, type LocalKey, type Values } from './keys.ts';
import { ConfigError, type Found, keyOf, readProjectFile, readStackFile } from './stack-files.ts';

export { ConfigError } from './stack-files.ts';

/** The parsed configuration: every key with its value, and the stack it belongs to. Frozen. */
export type Config = Values & { readonly stack: string };

export interface ConfigSource {
  /** Command line arguments without program and script. */
  args?: readonly string[];
  /** Directory of `Pulumi.<stack>.yaml`; default: the working directory. */
  directory?: string;
  /** Directory of `Pulumi.yaml`, whose `config` is the default of every stack; default: the same. */
  projectDirectory?: string;
  /** Whether keys must fit `npm start` or a Kubernetes cluster; default: `local`, for `npm start`. */
  target?: Target;
}

/** The target of the configuration: processes on this machine, which have fewer flags, or a Kubernetes cluster. */
export type Target = 'local' | 'cluster';

type Lookup = (key: Key) => Found | undefined;

const keys = Object.keys(KEYS) as Key[];
const localKeys = Object.keys(LOCAL_KEYS) as LocalKey[];
const keysOf = (target: Target): readonly Key[] => (target === 'cluster' ? keys : localKeys);
const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

/**
 * The stack and the keys a command line sets, as text.
 * @throws ConfigError for an argument that is not a flag of this target
 */
export function readFlags(args: readonly string[], target: Target): { stack: string; flags: Map<Key, Found> } {
  const names = new Map(keysOf(target).map((key) => [flagOf(key), key]));
  const options = Object.fromEntries([...names.keys(), 'stack'].map((name) => [name, { type: 'string' as const }]));
  const flags = new Map<Key, Found>();
  let stack = 'dev';
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      throw new ConfigError(`Unexpected argument ${shown(token.value)}: every setting is a flag; --help lists them.`);
    }
    const key = names.get(token.name);
    if (!key && token.name !== 'stack') {
      throw new ConfigError(`Unknown flag ${token.rawName}: --help lists the flags there are.`);
    }
    if (token.value === undefined) throw new ConfigError(`The flag ${token.rawName} needs a value.`);
    if (!key) stack = token.value;
    else flags.set(key, { value: withEarlier(key, token.value, flags), where: `the flag ${token.rawName}` });
  }
  if (!/^[A-Za-z0-9_-]+$/.test(stack)) {
    throw new ConfigError(
      `--stack is ${shown(stack)}, which is not the name of a stack: use letters, digits, - and _.`,
    );
  }
  return { stack, flags };
}

/** The last of several flags counts; for a list, each one does. */
function withEarlier(key: Key, value: string, flags: ReadonlyMap<Key, Found>): string {
  const earlier = flags.get(key)?.value;
  return isList(key) && typeof earlier === 'string' ? `${earlier},${value}` : value;
}

/** An encrypted value of a stack's file: `{secure: ...}`. Only the Pulumi engine can read it. */
const isEncrypted = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).join() === 'secure';

function parseKey(key: Key, found: Found | undefined): unknown {
  const definition = KEYS[key];
  if (!found || (definition.secret && isEncrypted(found.value))) return definition.default;
  const result = v.safeParse(definition.schema, found.value);
  if (result.success) return result.output;
  if (isEncrypted(found.value)) {
    throw new ConfigError(`The value of ${found.where} is encrypted: only a secret such as redisUrl may be.`);
  }
  if (definition.secret) {
    const [{ message }] = result.issues;
    throw new ConfigError(`The value of ${found.where} is refused: ${message}. Allowed: ${definition.allowed}.`);
  }
  throw new ConfigError(
    `The value ${shown(found.value)} of ${found.where} is refused: ${definition.allowed} is allowed.`,
  );
}

function parseValues(stack: string, source: Lookup, target: Target): Config {
  const values = Object.fromEntries(keys.map((key) => [key, parseKey(key, source(key))])) as Values;
  const given = new Set(keys.filter((key) => source(key) && source(key)?.value !== ''));
  // Servers that already run need no Redis from us.
  if (values.upstreams.length > 0 && !given.has('redis')) Object.assign(values, { redis: 'none' });
  for (const check of target === 'cluster' ? [...LOCAL_CHECKS, ...CLUSTER_CHECKS] : LOCAL_CHECKS) {
    const complaint = check(values, given);
    if (!complaint) continue;
    const where = complaint.keys.map(source).find(Boolean)?.where ?? 'the defaults';
    throw new ConfigError(`${complaint.problem} (${where}): ${complaint.remedy}.`);
  }
  return Object.freeze({ stack, ...values });
}

/**
 * Reads `Pulumi.<stack>.yaml`, `Pulumi.yaml` and the flags. A flag wins over the stack's file, that over the project's,
 * and that over the default. An encrypted value reads as the default.
 * @throws ConfigError with one sentence for the first fault
 */
export function readConfig(source: ConfigSource = {}): Config {
  const { args = [], directory = '.', projectDirectory = directory, target = 'local' } = source;
  const { stack, flags } = readFlags(args, target);
  const file = readStackFile(directory, stack);
  const project = readProjectFile(projectDirectory, file);
  return parseValues(stack, (key) => flags.get(key) ?? file.get(key) ?? project.get(key), target);
}

/**
 * Reads the values of the Pulumi engine (`pulumi.runtime.allConfig()`): every value is text, and a map is JSON.
 * @throws ConfigError with one sentence for the first fault
 */
export function stackConfig(stack: string, values: Readonly<Record<string, string>>): Config {
  const found = new Map<Key, Found>();
  for (const [name, value] of Object.entries(values)) {
    const key = keyOf(name, `The stack ${stack}`);
    if (key) found.set(key, { value, where: `${name} in the stack ${stack}` });
  }
  return parseValues(stack, (key) => found.get(key), 'cluster');
}

/** The directory of the checkout. */
export const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/**
 * A path of the configuration as an absolute one. It starts at the checkout: the engine runs the program in
 * `infra`, and its providers elsewhere.
 */
export const fromCheckout = (place: string): string => path.resolve(CHECKOUT, place.replace(/^~(?=\/)/, os.homedir()));
