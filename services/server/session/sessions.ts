import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { decodeJwt, jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { PlayerId, PlayerName, type PlayerRef } from '../../protocol/index.ts';
import { type Issuer, JwtRefusal } from './issuer.ts';
import { OWN_ISSUER } from './issuer-settings.ts';

/** How long a player token is valid, unless configured otherwise. */
export const SESSION_SECONDS = 12 * 3600;
/** A ticket is fetched to be shown at once. */
const TICKET_SECONDS = 60;

const TOKEN = 'gridlock.v1';
const TICKET = 'gridlock.v1.ticket';
const ALGORITHM = 'HS256';
const Claims = v.object({
  sub: PlayerId,
  name: PlayerName,
  iat: v.number(),
  exp: v.number(),
  until: v.optional(v.number()),
  end: v.optional(v.number()),
});

/** Times are milliseconds since the Unix epoch. */
export interface Session {
  readonly player: PlayerRef;
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** When the JWT that it was exchanged for ends, after which it cannot be renewed; undefined for a guest. */
  readonly endsAt: number | undefined;
}

export interface SessionsOptions {
  /** How long a token is good for. */
  readonly seconds?: number | undefined;
  /**
   * Milliseconds since the Unix epoch. All replicas should pass the store's clock: a token must not end because one of
   * their own clocks is wrong.
   */
  readonly now?: (() => number) | undefined;
  /** The identity provider whose JWTs are also accepted. */
  readonly issuer?: Issuer | undefined;
  /** Whether players without a JWT may come in. */
  readonly guests?: boolean | undefined;
}

/**
 * Signs and reads the tokens of players, and reads the JWTs of an identity provider. All replicas share the secret, so
 * that any of them reads any token. Methods that read a JWT reject with `KeysUnavailable` while it cannot be verified.
 */
export class Sessions {
  /** How long a token is good for. For as long again it can be exchanged for a new one of the same player. */
  readonly seconds: number;
  readonly guests: boolean;
  /** As an object: the library prepares it once, and bytes each time. */
  readonly #key: KeyObject;
  readonly #now: () => number;
  readonly #issuer: Issuer | undefined;

  constructor(secret: Uint8Array, options: SessionsOptions = {}) {
    const { seconds = SESSION_SECONDS, now = Date.now, issuer, guests = true } = options;
    this.#key = createSecretKey(secret);
    this.seconds = seconds;
    this.guests = guests;
    this.#now = now;
    this.#issuer = issuer;
  }

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return this.#now();
  }

  /** A token for a player, issued at a time, which ends with the JWT that it is traded for. */
  async issue(player: PlayerRef, at = this.#now(), endsAt?: number): Promise<Session & { token: string }> {
    const issued = inSeconds(at);
    const expiry = Math.min(issued + this.seconds, endsAt === undefined ? Infinity : inSeconds(endsAt));
    const token = await this.#sign(player, TOKEN, issued, expiry, endOf(endsAt));
    return { player, issuedAt: issued * 1000, expiresAt: expiry * 1000, endsAt, token };
  }

  /** Shows on a socket that the player's cookie was renewed, and opens none. */
  ticket({ player, issuedAt, expiresAt, endsAt }: Session): Promise<string> {
    const claims = { until: inSeconds(expiresAt), ...endOf(endsAt) };
    return this.#sign(player, TICKET, inSeconds(issuedAt), inSeconds(this.#now()) + TICKET_SECONDS, claims);
  }

  /** Whether a token says that it is a JWT of the issuer: such a one is good, or refused, and nobody's guest. */
  isForeign(token: string): boolean {
    if (!this.#issuer) return false;
    try {
      return decodeJwt(token).iss !== OWN_ISSUER;
    } catch {
      return false;
    }
  }

  /** The session of a JWT. Rejects with a `JwtRefusal`. */
  trade(token: string): Promise<Session> {
    return this.#trade(token);
  }

  /** The session of a token; undefined when it was not signed by us or the issuer, expired or is no token at all. */
  read(token: string): Promise<Session | undefined> {
    return this.isForeign(token) ? this.#tradeIfGood(token) : this.#read(token, TOKEN);
  }

  /**
   * The session of one of our tokens, also when it expired a while ago, so that a player who was away stays the same
   * player. A session that was traded for a JWT ends with the JWT.
   */
  async readToRenew(token: string): Promise<Session | undefined> {
    const session = await this.#read(token, TOKEN, this.seconds);
    return (session?.endsAt ?? Infinity) > this.#now() ? session : undefined;
  }

  /** Whose a connection is that may have been refreshed since: the token may be older than that. */
  readToContinue(token: string): Promise<Session | undefined> {
    return this.isForeign(token) ? this.#tradeIfGood(token, this.seconds) : this.#read(token, TOKEN, this.seconds);
  }

  /** What a new token, or a ticket, says on a socket that is open. */
  async readToRefresh(text: string): Promise<Session | undefined> {
    if (this.isForeign(text)) return this.#tradeIfGood(text);
    return (await this.#read(text, TOKEN)) ?? (await this.#read(text, TICKET));
  }

  stop(): void {
    this.#issuer?.stop();
  }

  async #trade(token: string, lateSeconds?: number): Promise<Session> {
    if (!this.#issuer) throw new JwtRefusal('No JWT is taken here.');
    const { player, issuedAt, expiresAt } = await this.#issuer.read(token, lateSeconds);
    const most = this.#now() + this.seconds * 1000;
    return { player, issuedAt, expiresAt: Math.min(expiresAt, most), endsAt: expiresAt };
  }

  async #tradeIfGood(token: string, lateSeconds?: number): Promise<Session | undefined> {
    try {
      return await this.#trade(token, lateSeconds);
    } catch (error) {
      if (error instanceof JwtRefusal) return undefined;
      throw error;
    }
  }

  #sign(player: PlayerRef, audience: string, issued: number, expiry: number, claims: object): Promise<string> {
    return new SignJWT({ name: player.name, ...claims })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(OWN_ISSUER)
      .setAudience(audience)
      .setSubject(player.id)
      .setIssuedAt(issued)
      .setExpirationTime(expiry)
      .sign(this.#key);
  }

  async #read(token: string, audience: string, clockTolerance = 0): Promise<Session | undefined> {
    try {
      const currentDate = new Date(this.#now());
      const options = { issuer: OWN_ISSUER, audience, algorithms: [ALGORITHM], clockTolerance, currentDate };
      const { payload } = await jwtVerify(token, this.#key, options);
      const { sub, name, iat, exp, until = exp, end } = v.parse(Claims, payload);
      // A guest of the time before guests were turned off.
      if (end === undefined && !this.guests) return undefined;
      const endsAt = end === undefined ? undefined : end * 1000;
      return { player: { id: sub, name }, issuedAt: iat * 1000, expiresAt: until * 1000, endsAt };
    } catch {
      return undefined;
    }
  }
}

const endOf = (endsAt: number | undefined) => (endsAt === undefined ? {} : { end: inSeconds(endsAt) });
const inSeconds = (ms: number) => Math.floor(ms / 1000);

/** A new guest. */
export function newGuest(name?: string): PlayerRef {
  const id = randomBytes(9).toString('base64url');
  return { id, name: name ?? `Guest ${randomBytes(2).toString('hex').toUpperCase()}` };
}

/** The token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
}
