import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { parse as parseYaml } from 'yaml';
import { KEYS, flagOf, type Key } from './config-keys.ts';

const NAMESPACE = 'gridlock:';

/**
 * A configuration that is refused; the message names the key, where it came from, what was found and what is
 * allowed.
 */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

type Values = { readonly [K in Key]: v.InferOutput<(typeof KEYS)[K]['schema']> };

/** The parsed configuration: every key with its value, and the stack it belongs to. Frozen. */
export type Config = Values & { readonly stack: string };

export interface ConfigSource {
  /** Command line arguments without program and script. */
  args?: readonly string[];
  /** Directory of `Pulumi.<stack>.yaml`; default: the working directory. */
  directory?: string;
}

interface Found {
  value: unknown;
  where: string;
}

const isKey = (name: string): name is Key => Object.hasOwn(KEYS, name);
const keys = Object.keys(KEYS) as Key[];
const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);

function readFlags(args: readonly string[]): { stack: string; flags: Map<Key, Found> } {
  const names = new Map(keys.map((key) => [flagOf(key), key]));
  const options = Object.fromEntries(
    [...names.keys(), 'stack'].map((name) => [name, { type: 'string' as const }]),
  );
  const flags = new Map<Key, Found>();
  let stack = 'dev';
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      throw new ConfigError(
        `Unexpected argument ${shown(token.value)}: every setting is a flag; --help lists them.`,
      );
    }
    const key = names.get(token.name);
    if (!key && token.name !== 'stack') {
      throw new ConfigError(`Unknown flag ${token.rawName}: --help lists the flags there are.`);
    }
    if (token.value === undefined) throw new ConfigError(`The flag ${token.rawName} needs a value.`);
    if (key) flags.set(key, { value: token.value, where: `the flag ${token.rawName}` });
    else stack = token.value;
  }
  if (!/^[A-Za-z0-9_-]+$/.test(stack)) {
    throw new ConfigError(
      `--stack is ${shown(stack)}, which is no stack's name: use letters, digits, - and _.`,
    );
  }
  return { stack, flags };
}

function readStack(file: string, optional: boolean): Map<Key, Found> {
  const found = new Map<Key, Found>();
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === 'ENOENT') return found;
    throw new ConfigError(`The stack's file ${file} cannot be read: ${(error as Error).message}.`);
  }
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    throw new ConfigError(`${file} is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  if (document === null || document === undefined) return found;
  const config = (document as { config?: unknown }).config ?? {};
  if (typeof document !== 'object' || typeof config !== 'object' || Array.isArray(config)) {
    throw new ConfigError(
      `${file} must be a map whose \`config\` is a map of keys such as ${NAMESPACE}replicas.`,
    );
  }
  for (const [name, value] of Object.entries(config)) {
    if (!name.startsWith(NAMESPACE)) continue;
    const key = name.slice(NAMESPACE.length);
    if (!isKey(key)) {
      throw new ConfigError(
        `${file} sets ${name}, which is no key of Gridlock: npm start -- --help lists them.`,
      );
    }
    found.set(key, { value, where: `${name} in ${file}` });
  }
  return found;
}

function parseKey(key: Key, found: Found | undefined): unknown {
  if (!found) return KEYS[key].default;
  const result = v.safeParse(KEYS[key].schema, found.value);
  if (result.success) return result.output;
  throw new ConfigError(
    `The value ${shown(found.value)} of ${found.where} is refused: ${KEYS[key].allowed} is allowed.`,
  );
}

/**
 * Reads `Pulumi.<stack>.yaml` and the flags; a flag wins over the file, the file over the default.
 * @throws ConfigError with one sentence for whatever is wrong
 */
export function readConfig({ args = [], directory = '.' }: ConfigSource = {}): Config {
  const { stack, flags } = readFlags(args);
  const name = `Pulumi.${stack}.yaml`;
  const file = readStack(path.join(directory, name), stack === 'dev');
  const source = (key: Key): Found | undefined => flags.get(key) ?? file.get(key);
  const values = Object.fromEntries(keys.map((key) => [key, parseKey(key, source(key))])) as Values;
  if (values.port === values.httpPort) {
    const where = (source('httpPort') ?? source('port'))?.where ?? 'the defaults';
    throw new ConfigError(
      `port and httpPort are both ${values.port} (${where}): HTTPS and HTTP need a port each.`,
    );
  }
  return Object.freeze({ stack, ...values });
}

/** The text of `--help`: every flag with its default and meaning. */
export function configHelp(): string {
  const rows = keys.map((key) => {
    const { default: value, allowed, help } = KEYS[key];
    return `  --${flagOf(key).padEnd(28)} ${help} (${allowed}; default ${value})`;
  });
  return [
    'Every flag is also a key of Pulumi.<stack>.yaml: --http-port 8080 is gridlock:httpPort: 8080. The flag wins.',
    '',
    ...rows,
    `  --${'stack'.padEnd(28)} which Pulumi.<stack>.yaml is read (default dev)`,
    '',
  ].join('\n');
}
