// Reads Pulumi.yaml and Pulumi.<stack>.yaml in the same way as the engine. Keys that the engine would ignore are
// refused.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import { KEYS, type Key } from './keys.ts';

export const PROJECT = 'gridlock';
const NAMESPACE = `${PROJECT}:`;

/** A configuration that is refused. The message names the key, its source, its value and the allowed values. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  readonly exitCode = 2;
}

export interface Found {
  readonly value: unknown;
  /** The place of the value, for messages. */
  readonly where: string;
}

type Fields = Readonly<Record<string, unknown>>;

/** Namespaces of the providers in our program, whose keys belong to them. */
const PROVIDERS = ['aws', 'command', 'docker', 'eks', 'kubernetes', 'pulumi', 'random'];
/** Fields that a stack's file may have next to `config`; `environment` is known, and refused. */
const STACK_FIELDS = ['config', 'environment', 'secretsprovider', 'encryptedkey', 'encryptionsalt'];
/** Fields that the declaration of a key in Pulumi.yaml may have. */
const DECLARATION_FIELDS = ['type', 'items', 'description', 'secret', 'default', 'value'];

const isKey = (name: string): name is Key => Object.hasOwn(KEYS, name);
const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The full name of a key in a file: `replicas` and `gridlock:config:replicas` are both `gridlock:replicas` to the
 * engine.
 */
export function fullName(name: string): string {
  const [namespace, ...rest] = name.split(':');
  if (rest.length === 0) return `${NAMESPACE}${name}`;
  return rest.length === 2 && rest[0] === 'config' ? `${namespace}:${rest[1]}` : name;
}

/**
 * The key that a full name stands for; undefined for a key of another namespace.
 * @throws ConfigError for an unknown key of ours, and for one of ours in a namespace that nothing reads
 */
export function keyOf(name: string, where: string): Key | undefined {
  const full = fullName(name);
  const namespace = full.slice(0, full.indexOf(':'));
  const key = full.slice(namespace.length + 1);
  if (namespace !== PROJECT) {
    if (PROVIDERS.includes(namespace) || !isKey(key)) return undefined;
    throw new ConfigError(`${where} sets ${name}, which nothing reads: write ${NAMESPACE}${key}.`);
  }
  if (isKey(key)) return key;
  throw new ConfigError(
    `${where} sets ${name}, which is not a key of Gridlock: docs/reference/configuration.md lists them.`,
  );
}

/** The map that a file holds; undefined without the file. @throws ConfigError */
function readMap(file: string, what: string): Fields | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`${what} ${file} cannot be read: ${(error as Error).message}.`);
  }
  let document: unknown;
  try {
    document = parseYaml(text) ?? {};
  } catch (error) {
    throw new ConfigError(`${file} is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  if (isMap(document)) return document;
  throw new ConfigError(`${file} must be a map whose \`config\` is a map of keys such as ${NAMESPACE}replicas.`);
}

/** The keys of ours in a `config`, each once. @throws ConfigError */
function keysIn(config: unknown, file: string): Map<Key, Found> {
  if (!isMap(config))
    throw new ConfigError(`The \`config\` of ${file} must be a map of keys such as ${NAMESPACE}replicas.`);
  const found = new Map<Key, Found>();
  for (const [name, value] of Object.entries(config)) {
    const key = keyOf(name, file);
    if (!key) continue;
    const other = found.get(key);
    if (other) throw new ConfigError(`${file} sets ${key} twice, as ${name} too: keep one of them.`);
    found.set(key, { value, where: `${name} in ${file}` });
  }
  return found;
}

/**
 * The keys of `Pulumi.<stack>.yaml`.
 * @throws ConfigError
 */
export function readStackFile(directory: string, stack: string): Map<Key, Found> {
  const file = path.join(directory, `Pulumi.${stack}.yaml`);
  const document = readMap(file, "The stack's file");
  if (!document) {
    if (stack === 'dev') return new Map();
    throw new ConfigError(`The stack's file ${file} cannot be read: there is no such file.`);
  }
  const stray = Object.keys(document).find((name) => !STACK_FIELDS.includes(name));
  if (stray !== undefined) {
    throw new ConfigError(`${file} has ${stray} at its top level, where nothing reads it: put it under \`config\`.`);
  }
  if (document.environment !== undefined && document.environment !== null) {
    throw new ConfigError(
      `${file} imports an environment, and only Pulumi Cloud has its values: write them into \`config\`.`,
    );
  }
  return keysIn(document.config ?? {}, file);
}

/** The entry of one key in Pulumi.yaml: a default, or a declaration of one. */
interface Declared {
  readonly found: Found | undefined;
  readonly where: string;
}

/** @throws ConfigError for entries that the engine refuses */
function declared({ value, where }: Found): Declared {
  if (!isMap(value)) return { found: { value, where }, where };
  const stray = Object.keys(value).find((field) => !DECLARATION_FIELDS.includes(field));
  if (stray !== undefined) {
    throw new ConfigError(`${where} has the field ${stray}: give a map as the \`value\` of the key.`);
  }
  if (value.default !== undefined && value.value !== undefined) {
    throw new ConfigError(`${where} has both a default and a value: keep one of them.`);
  }
  const given = value.value ?? value.default;
  return { found: given === undefined || given === null ? undefined : { value: given, where }, where };
}

/**
 * The keys that `Pulumi.yaml` sets for every stack that does not.
 * @param inStack the keys of the stack, to which a declaration without a value leaves it
 * @throws ConfigError
 */
export function readProjectFile(directory: string, inStack: ReadonlyMap<Key, Found>): Map<Key, Found> {
  const file = path.join(directory, 'Pulumi.yaml');
  const document = readMap(file, "The project's file");
  if (!document) return new Map();
  if (document.name !== PROJECT) {
    throw new ConfigError(`${file} names the project ${JSON.stringify(document.name)}: it must be ${PROJECT}.`);
  }
  if (document.stackConfigDir !== undefined || typeof document.config === 'string') {
    throw new ConfigError(`${file} moves the files of the stacks elsewhere: they must be next to it.`);
  }
  const defaults = new Map<Key, Found>();
  for (const [key, found] of keysIn(document.config ?? {}, file)) {
    const { found: value, where } = declared(found);
    if (value) defaults.set(key, value);
    else if (!inStack.has(key))
      throw new ConfigError(`${where} declares a key that has no value: set it in the stack.`);
  }
  return defaults;
}
