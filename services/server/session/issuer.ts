import { createHash } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyOptions, jwtVerify } from 'jose';
import * as v from 'valibot';
import { LIMITS, PlayerId, PlayerName, type PlayerRef } from '../../protocol/index.ts';
import { type IssuerKeys, KeysUnavailable } from './issuer-keys.ts';
import type { IssuerSettings } from './issuer-settings.ts';

/** The allowed difference between the clocks of issuer and store. */
const SKEW_SECONDS = 5;
/** The longest life of a token. A log-out is remembered for as long. */
export const LONGEST_SECONDS = 30 * 24 * 3600;
/** Public keys only: with a shared secret everybody who can check a token could also make one. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];

/** Why a JWT is refused, as a sentence for the person who sent it. */
export class JwtRefusal extends Error {
  override readonly name = 'JwtRefusal';
}

/** What a JWT says. Times are milliseconds since the Unix epoch. */
export interface Identity {
  readonly player: PlayerRef;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Reads the JWTs of an identity provider. */
export class Issuer {
  readonly #settings: IssuerSettings;
  readonly #keys: IssuerKeys;
  readonly #now: () => number;

  /** `now` gives milliseconds since the Unix epoch, by the store's clock. */
  constructor(settings: IssuerSettings, keys: IssuerKeys, now: () => number) {
    this.#settings = settings;
    this.#keys = keys;
    this.#now = now;
  }

  /**
   * The player of a JWT, even if it expired up to `lateSeconds` ago. Rejects with a `JwtRefusal`, or with
   * `KeysUnavailable`.
   */
  async read(token: string, lateSeconds = 0): Promise<Identity> {
    const now = this.#now();
    const { issuer, audience, nameClaim, idClaim } = this.#settings;
    let claims: JWTPayload;
    try {
      claims = await this.#verify(token, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: Math.max(SKEW_SECONDS, lateSeconds),
        currentDate: new Date(now),
      });
    } catch (error) {
      if (error instanceof KeysUnavailable) throw error;
      throw new JwtRefusal(sentenceOf(error, this.#settings));
    }
    const { exp = 0, iat = 0, nbf = 0 } = claims;
    // The tolerance is only for an issuer whose clock is ahead. It does not extend a session.
    if ((exp + lateSeconds) * 1000 <= now) throw new JwtRefusal(EXPIRED);
    if ((Math.max(nbf, iat) - SKEW_SECONDS) * 1000 > now) throw new JwtRefusal(EARLY);
    if (exp * 1000 > now + LONGEST_SECONDS * 1000) throw new JwtRefusal('The JWT is valid for more than 30 days.');
    const subject = claims[idClaim];
    if ((typeof subject !== 'string' && typeof subject !== 'number') || subject === '')
      throw new JwtRefusal(`The JWT has no claim "${idClaim}", which says whose it is.`);
    const id = playerId(issuer, String(subject));
    return {
      player: { id, name: playerName(claims[nameClaim], id) },
      // A clock that is ahead must not make a token newer than the log-out that it has to obey.
      issuedAt: Math.floor((iat - SKEW_SECONDS) * 1000),
      expiresAt: Math.floor(exp * 1000),
    };
  }

  stop(): void {
    this.#keys.stop();
  }

  async #verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, this.#keys.find, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      // The token does not say which of several keys it was signed with.
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (failure) {
          if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }
}

const EXPIRED = 'The JWT has expired.';
const EARLY = 'The JWT is not valid yet.';

function sentenceOf(error: unknown, { issuer, audience }: IssuerSettings): string {
  if (error instanceof errors.JWTExpired) return EXPIRED;
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported)
    return `The JWT is signed with an algorithm that is not accepted; these are accepted: ${ALGORITHMS.join(', ')}.`;
  if (error instanceof errors.JWKSNoMatchingKey)
    return 'The JWT is signed with a key that the issuer does not publish.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (claim === 'nbf' && reason === 'check_failed') return EARLY;
    if (claim === 'iss') return `The JWT is not of the issuer ${issuer}.`;
    if (claim === 'aud') return `The JWT is not meant for the audience ${audience}.`;
    if (reason === 'missing') return `The JWT has no claim "${claim}".`;
    return `The claim "${claim}" of the JWT is not valid.`;
  }
  return 'The signature of the JWT is not valid.';
}

/** The prefix of derived ids, for players whose own id does not fit. */
const MAPPED = 'jwt_';
/** As long as the ids of guests. */
const GUEST_ID_LENGTH = 12;
const MAPPED_LENGTH = 32;

/**
 * The id of an issuer's subject: its own if that fits and cannot be a guest's, otherwise a derived one. The same
 * subject always has the same id, and no two subjects share one.
 */
export function playerId(issuer: string, subject: string): string {
  const isFree = subject.length !== GUEST_ID_LENGTH && !subject.startsWith(MAPPED);
  if (isFree && v.is(PlayerId, subject)) return subject;
  const digest = createHash('sha256')
    .update(JSON.stringify([issuer, subject]))
    .digest('base64url');
  return MAPPED + digest.slice(0, MAPPED_LENGTH);
}

/** The name in a claim, cut where it is too long; one made of the id where there is none that can be shown. */
export function playerName(claim: unknown, id: string): string {
  const cut = typeof claim === 'string' ? [...claim.trim().normalize('NFC')].slice(0, LIMITS.nameLength).join('') : '';
  const parsed = v.safeParse(PlayerName, cut);
  if (parsed.success) return parsed.output;
  return `Player ${createHash('sha256').update(id).digest('hex').slice(0, 4).toUpperCase()}`;
}
