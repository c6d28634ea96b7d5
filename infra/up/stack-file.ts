// The working copy of a stack's file: Pulumi writes salt and secrets into the file it reads, and the checkout must stay
// as it is.
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Document, isMap, isScalar, type Pair, parseDocument } from 'yaml';
import { KEYS, type Key } from '../config/keys.ts';
import { fullName } from '../config/stack-files.ts';

/** What Pulumi writes at the top level, next to `config`. */
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

/** The salt a stack's file carries: what its encrypted values were made with. */
export const saltOf = (text: string): string | undefined => {
  const salt: unknown = parseDocument(text).get(SALT);
  return typeof salt === 'string' ? salt : undefined;
};

/** A map is written as JSON on the command line. */
function keyValue(key: Key, text: string): unknown {
  if (typeof KEYS[key].default !== 'object') return text;
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
  // What another salt encrypted cannot be read any more.
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
