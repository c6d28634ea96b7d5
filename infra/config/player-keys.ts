// Keys that decide which clients may connect: pages by their origins, guests, users of an identity provider, backends
// and operators.
import * as v from 'valibot';
import { isJwksUrl } from '../../services/server/session/issuer-settings.ts';
import { define, flag, list, text } from './key-definitions.ts';

const isOrigin = (given: string): boolean => /^https?:/.test(given) && URL.parse(given)?.origin === given;

/** Text that is written into environment files and manifests unchanged. */
const PLAIN = /^[^\s"'\\$]{0,1024}$/;
const CLAIM = /^[^\s,"'\\$]{1,128}$/;
const FILE_PATH = /^[^\u0000-\u001f"'\\]{0,4096}$/;
const A_CLAIM = 'a claim: up to 128 characters without blanks, commas, quotes, backslashes and $';
const A_TEXT = 'up to 1024 characters without blanks, quotes, backslashes and $';

export const PLAYER_KEYS = Object.freeze({
  allowedOrigins: list(
    v.pipe(v.string(), v.check(isOrigin)),
    64,
    'origins such as https://app.example',
    'further origins whose pages may connect',
  ),
  apiKeysFile: text(
    FILE_PATH,
    '',
    'a path without quotes, backslashes or control characters',
    'file with the keys of your backends, name:key on each line; empty: no HTTP API',
  ),
  operatorKeysFile: text(
    FILE_PATH,
    '',
    'a path without quotes, backslashes or control characters',
    'file with the keys of operators, name:key on each line; empty: npm start makes one, and elsewhere the operations page is read-only',
  ),
  guests: flag(true, 'whether players without a JWT may play'),
  jwtIssuer: text(PLAIN, '', A_TEXT, 'issuer (iss) of the JWTs that players may bring; empty: none'),
  jwtAudience: text(PLAIN, '', A_TEXT, 'audience (aud) that a JWT has to name'),
  jwtJwksUrl: define({
    schema: v.pipe(
      v.string(),
      v.regex(PLAIN),
      v.check((url) => url === '' || isJwksUrl(url)),
    ),
    default: '',
    allowed: 'an https URL without a user or a fragment; http for this machine',
    help: "URL of the issuer's key set",
  }),
  jwtKeysFile: text(
    FILE_PATH,
    '',
    'a path without quotes, backslashes or control characters',
    "file with the issuer's public keys instead: a key set (JSON) or PEM",
  ),
  jwtNameClaim: text(CLAIM, 'name', A_CLAIM, "claim of the player's name"),
  jwtIdClaim: text(CLAIM, 'sub', A_CLAIM, "claim of the player's id"),
});
