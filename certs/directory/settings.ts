import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateError, reasonOf } from '../errors.ts';
import { readText } from '../text-file.ts';
import { type KeyType, parseKeyType } from '../x509/keys.ts';
import { lifetimes as defaultLifetimes, type Lifetimes, lifetimesOf, type Role } from '../x509/lifetimes.ts';
import type { StoredFile } from './atomic-files.ts';

/** The settings that an authority keeps for as long as it exists. Each has a default. */
export interface Settings {
  keyType?: KeyType;
  /** Where revocation lists are served, as `http://game.example/crl`; without it certificates name none. */
  crlUrl?: string;
  /** Days a certificate of each role lives. */
  days?: Readonly<Record<Role, number>>;
}

export const SETTINGS_NAME = 'authority.json';
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The settings of a directory; all defaults without the file. Throws a CertificateError for a damaged one.
 */
export function readSettings(directory: string): Settings {
  const path = join(directory, SETTINGS_NAME);
  if (!existsSync(path)) return {};
  const text = readText(path);
  try {
    return parseSettings(JSON.parse(text));
  } catch (error) {
    throw new CertificateError(
      'corrupt',
      `${path} is damaged (${reasonOf(error)}): correct it, or remove it for the defaults.`,
      { cause: error },
    );
  }
}

function parseSettings(value: unknown): Settings {
  if (typeof value !== 'object' || value === null) throw new TypeError('it is not an object');
  const { keyType, crlUrl, days } = value as Record<string, unknown>;
  const settings: Settings = {};
  if (keyType !== undefined) settings.keyType = parseKeyType(String(keyType));
  if (crlUrl !== undefined) settings.crlUrl = requireCrlUrl(String(crlUrl));
  if (days !== undefined) {
    const { root, intermediate, leaf } = days as Record<Role, number>;
    lifetimesOfDays({ root, intermediate, leaf });
    settings.days = { root, intermediate, leaf };
  }
  return settings;
}

/** Throws a CertificateError for an address where fetching a list takes a certificate. */
export function requireCrlUrl(text: string): string {
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return text;
  throw new CertificateError(
    'invalid_usage',
    `"${text}" cannot serve revocation lists: give an http:// address, ` +
      'because a client that checks a certificate must not need another one for the list.',
  );
}

export function lifetimesOfDays(days: Readonly<Record<Role, number>>): Lifetimes {
  const ms = (role: Role) => days[role] * DAY_MS;
  return lifetimesOf({ root: ms('root'), intermediate: ms('intermediate'), leaf: ms('leaf') });
}

export function lifetimesIn(settings: Settings): Lifetimes {
  return settings.days === undefined ? defaultLifetimes : lifetimesOfDays(settings.days);
}

export function settingsFile(settings: Settings): StoredFile {
  return { name: SETTINGS_NAME, data: `${JSON.stringify(settings, null, 2)}\n`, mode: 0o644 };
}
