// The working copy of a stack's file: Pulumi writes salt and secrets into the file it reads, and the checkout must stay
// as it is.
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Document, isMap, isScalar, type Pair, parseDocument } from 'yaml';
import type { Config } from '../config/config.ts';
import { isList, KEYS, type Key } from '../config/keys.ts';
import { fullName } from '../config/stack-files.ts';

/** Keys that Pulumi writes at the top level, next to `config`. */
const SALT = 'encryptionsalt';
const ENGINE_KEYS = ['secretsprovider', 'encryptedkey', SALT];

const readIfThere = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

const isSecure = (value: unknown): boolean => isMap(value) && value.items.length === 1 && value.has('secure');

/** The document with the full name of every key: `replicas` and `gridlock:replicas` are one. */
function parsed(text: string): Document {
  const document = parseDocument(text);
  const config = document.get('config', true);
  for (const { key } of isMap(config) ? (config.items as Pair[]) : []) {
    if (isScalar(key)) key.value = fullName(String(key.value));
  }
  return document;
}

/** Full names of the encrypted values in a stack's file. */
export function encryptedKeys(text: string): string[] {
  const config = parsed(text).get('config', true);
  if (!isMap(config)) return [];
  const encrypted = (config.items as Pair[]).filter(({ value }) => isSecure(value));
  return encrypted.map(({ key }) => String(isScalar(key) ? key.value : key));
}

/** The salt in a stack's file, with which its values were encrypted. */
export const saltOf = (text: string): string | undefined => {
  const salt: unknown = parseDocument(text).get(SALT);
  return typeof salt === 'string' ? salt : undefined;
};

const isMapKey = (key: Key): boolean => typeof KEYS[key].default === 'object' && !isList(key);

/** A map is written as JSON on the command line. */
function keyValue(key: Key, text: string): unknown {
  if (!isMapKey(key)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The checked-in text with the full names of keys, the flags of this run, and the salt and the encrypted values of the
 * last copy where the checked-in one has none.
 */
export function remakeStackFile(
  checkedIn: string,
  lastCopy: string,
  flags: ReadonlyMap<Key, { value: unknown }>,
): string {
  const document = parsed(checkedIn);
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  if (!isMap(document.get('config', true))) document.set('config', document.createNode({}));
  const last = parsed(lastCopy);
  const ownSalt = document.get(SALT);
  // Values that were encrypted with another salt can no longer be read.
  if (ownSalt === undefined || ownSalt === last.get(SALT)) {
    for (const key of ENGINE_KEYS) {
      const value = last.get(key);
      if (value !== undefined && !document.has(key)) document.set(key, value);
    }
    for (const name of encryptedKeys(lastCopy)) {
      const theirs = document.getIn(['config', name]);
      if (theirs === undefined || theirs === '') document.setIn(['config', name], last.getIn(['config', name], true));
    }
  }
  for (const [key, { value }] of flags) {
    if (KEYS[key].secret) continue;
    document.setIn(['config', `gridlock:${key}`], document.createNode(keyValue(key, String(value))));
  }
  return document.toString({ lineWidth: 0 });
}

/** Flags that locate the stack, and do not describe it. */
const OF_THE_RUN: readonly Key[] = ['stateDir'];

/**
 * The checked-in text with the flags of a run as keys. Comments stay. Only the working copy has secrets. @returns also
 * the names of the written keys
 */
export function withFlags(
  checkedIn: string,
  flags: ReadonlyMap<Key, { value: unknown }>,
  config: Config,
): { text: string; keys: Key[] } {
  const document = parseDocument(checkedIn);
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  if (!isMap(document.get('config', true))) document.set('config', document.createNode({}));
  const items = (document.get('config', true) as { items: Pair[] }).items;
  const keys = [...flags.keys()].filter((key) => !KEYS[key].secret && !OF_THE_RUN.includes(key));
  for (const key of keys) {
    const value: unknown = isMapKey(key) ? keyValue(key, String(flags.get(key)?.value)) : config[key];
    const name = `gridlock:${key}`;
    const there = items.find((item) => isScalar(item.key) && fullName(String(item.key.value)) === name);
    const written = typeof value === 'object' ? document.createNode(value, { flow: true }) : value;
    document.setIn(['config', isScalar(there?.key) ? there.key.value : name], written);
  }
  return { text: keys.length === 0 ? checkedIn : document.toString({ lineWidth: 0 }), keys };
}

/** The working copy, remade from the files on disk. */
export const remadeFrom = (
  checkedInPath: string,
  copyPath: string,
  flags: ReadonlyMap<Key, { value: unknown }>,
): string => remakeStackFile(readIfThere(checkedInPath), readIfThere(copyPath), flags);

/** Writes a file so that a reader sees the old or the new content, never a part; its mode stays. */
export function writeKeepingMode(file: string, content: string): void {
  const mode = existsSync(file) ? statSync(file).mode & 0o777 : 0o644;
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { mode });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
