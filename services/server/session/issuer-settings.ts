import { createPublicKey } from 'node:crypto';
import type { JSONWebKeySet, JWK } from 'jose';
import * as v from 'valibot';

const CLAIM = v.pipe(
  v.string(),
  v.regex(/^[^\s,]{1,128}$/, 'is not the name of a claim: 1 to 128 characters without blanks and commas'),
);
const TEXT = v.pipe(v.string(), v.maxLength(1024, 'is longer than 1024 characters'));

/** Which players may come in: those of an identity provider, guests, or both. */
export const ISSUER_VARIABLES = {
  JWT_ISSUER: v.optional(TEXT),
  JWT_AUDIENCE: v.optional(TEXT),
  JWT_JWKS_URL: v.optional(TEXT),
  JWT_KEYS_FILE: v.optional(v.string()),
  JWT_NAME_CLAIM: v.optional(CLAIM),
  JWT_ID_CLAIM: v.optional(CLAIM),
  GUESTS: v.optional(v.picklist(['on', 'off'], 'is neither on nor off'), 'on'),
};

type Values = { readonly [Name in keyof typeof ISSUER_VARIABLES]?: string | undefined };

/** Public keys from a file. */
export interface KeyFile {
  readonly jwks: JSONWebKeySet;
  /** Keys of a PEM file have no names: a token's `kid` is not looked at. */
  readonly isNamed: boolean;
}

/** The identity provider whose JWTs are taken. */
export interface IssuerSettings {
  readonly issuer: string;
  readonly audience: string;
  readonly keys: URL | KeyFile;
  readonly nameClaim: string;
  readonly idClaim: string;
}

/** The issuer of our own tokens. */
export const OWN_ISSUER = 'gridlock';

const LOOPBACK = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether keys may be fetched from there: nobody in between may put in others. */
export function isJwksUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url?.username !== '' || url.password !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
}

/**
 * The issuer that the environment describes; undefined when it names none. `refuse` throws the sentence that it is
 * given, `read` the text of the file of a variable.
 */
export function issuerSettings(
  env: Values,
  read: (variable: string, path: string) => string,
  refuse: (sentence: string) => never,
): IssuerSettings | undefined {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWT_JWKS_URL: url, JWT_KEYS_FILE: file } = env;
  if (issuer === undefined) {
    const stray = (Object.keys(ISSUER_VARIABLES) as (keyof Values)[]).find(
      (name) => name.startsWith('JWT_') && env[name] !== undefined,
    );
    if (stray) refuse(`${stray} is set and JWT_ISSUER is not; set it to the "iss" of your tokens, or unset ${stray}.`);
    if (env.GUESTS === 'off') refuse('GUESTS is off and JWT_ISSUER is not set, so nobody could play; set one of them.');
    return undefined;
  }
  if (issuer === OWN_ISSUER)
    refuse(`JWT_ISSUER is ${OWN_ISSUER}, the issuer of our own tokens; give your issuer another name.`);
  if (audience === undefined)
    refuse('JWT_ISSUER needs JWT_AUDIENCE; set it to the "aud" of tokens that are meant for this cluster.');
  if (url !== undefined && file !== undefined)
    refuse('JWT_JWKS_URL and JWT_KEYS_FILE are both set; the keys come from one of them: unset the other.');
  const common = { issuer, audience, nameClaim: env.JWT_NAME_CLAIM ?? 'name', idClaim: env.JWT_ID_CLAIM ?? 'sub' };
  if (file !== undefined) return { ...common, keys: readKeys('JWT_KEYS_FILE', read('JWT_KEYS_FILE', file), refuse) };
  if (url === undefined)
    return refuse('JWT_ISSUER needs its keys; set JWT_JWKS_URL to the URL of its key set, or JWT_KEYS_FILE to a file.');
  if (!isJwksUrl(url)) refuse('JWT_JWKS_URL is not an https URL without a user; http is for this machine alone.');
  return { ...common, keys: new URL(url) };
}

/** Reads a key set (JSON) or public keys in PEM. `refuse` throws the sentence, which names the `setting`. */
export function readKeys(setting: string, text: string, refuse: (sentence: string) => never): KeyFile {
  const isNamed = text.trimStart().startsWith('{');
  let keys: readonly JWK[] = [];
  try {
    keys = isNamed ? ((JSON.parse(text) as JSONWebKeySet).keys ?? []).map(publicJwk) : pemKeys(text);
  } catch (error) {
    refuse(`The file of ${setting} is not a key set (JSON) or public keys in PEM: ${(error as Error).message}.`);
  }
  if (keys.length === 0) refuse(`The file of ${setting} has no key; give a key set (JSON) or public keys in PEM.`);
  return { jwks: { keys: [...keys] }, isNamed };
}

function publicJwk(jwk: JWK): JWK {
  if (jwk.kty === 'oct' || jwk.d !== undefined) throw new Error('it has a key that is not public');
  createPublicKey({ key: jwk, format: 'jwk' });
  return jwk;
}

function pemKeys(text: string): JWK[] {
  if (/PRIVATE KEY/.test(text)) throw new Error('it has a key that is not public');
  const blocks = text.match(/-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----/g) ?? [];
  return blocks.map((pem) => createPublicKey(pem).export({ format: 'jwk' }) as JWK);
}
