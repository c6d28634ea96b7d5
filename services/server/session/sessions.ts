import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { PlayerId, PlayerName, type PlayerRef } from '../../protocol/index.ts';

/** How long a player token is good for, unless configured otherwise. */
export const SESSION_SECONDS = 12 * 3600;
/** A ticket is fetched to be shown at once. */
const TICKET_SECONDS = 60;

const ISSUER = 'gridlock';
const TOKEN = 'gridlock.v1';
const TICKET = 'gridlock.v1.ticket';
const ALGORITHM = 'HS256';
const Claims = v.object({ sub: PlayerId, name: PlayerName, exp: v.number(), until: v.optional(v.number()) });

export interface Session {
  readonly player: PlayerRef;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/**
 * Signs and reads the tokens of players. All replicas share the secret, so that any of them reads any token.
 */
export class Sessions {
  /** How long a token is good for. For as long again it can be exchanged for a new one of the same player. */
  readonly seconds: number;
  /** As an object: the library prepares it once, and bytes each time. */
  readonly #key: KeyObject;
  readonly #now: () => number;

  /**
   * `now` gives milliseconds since the Unix epoch. All replicas should pass the store's clock: a token must not end
   * because one of their own clocks is wrong.
   */
  constructor(secret: Uint8Array, seconds: number = SESSION_SECONDS, now: () => number = Date.now) {
    this.#key = createSecretKey(secret);
    this.seconds = seconds;
    this.#now = now;
  }

  /** A token for a player. */
  async issue(player: PlayerRef): Promise<Session & { token: string }> {
    const expiry = inSeconds(this.#now()) + this.seconds;
    return { player, expiresAt: expiry * 1000, token: await this.#sign(player, TOKEN, expiry) };
  }

  /** Shows on a socket that the player's cookie was renewed, and opens none. */
  ticket({ player, expiresAt }: Session): Promise<string> {
    return this.#sign(player, TICKET, inSeconds(this.#now()) + TICKET_SECONDS, { until: inSeconds(expiresAt) });
  }

  /** The session of a token; undefined when it was not signed here, expired or is no token at all. */
  read(token: string): Promise<Session | undefined> {
    return this.#read(token, TOKEN);
  }

  /** The session of a token, also when it expired a while ago: for who was away, to stay the same player. */
  readToRenew(token: string): Promise<Session | undefined> {
    return this.#read(token, TOKEN, this.seconds);
  }

  /** What a new token, or a ticket, says on a socket that is open. */
  async readToRefresh(text: string): Promise<Session | undefined> {
    return (await this.#read(text, TOKEN)) ?? (await this.#read(text, TICKET));
  }

  #sign(player: PlayerRef, audience: string, expiry: number, claims: object = {}): Promise<string> {
    return new SignJWT({ name: player.name, ...claims })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(player.id)
      .setIssuedAt(inSeconds(this.#now()))
      .setExpirationTime(expiry)
      .sign(this.#key);
  }

  async #read(token: string, audience: string, clockTolerance = 0): Promise<Session | undefined> {
    try {
      const currentDate = new Date(this.#now());
      const options = { issuer: ISSUER, audience, algorithms: [ALGORITHM], clockTolerance, currentDate };
      const { payload } = await jwtVerify(token, this.#key, options);
      const { sub, name, exp, until = exp } = v.parse(Claims, payload);
      return { player: { id: sub, name }, expiresAt: until * 1000 };
    } catch {
      return undefined;
    }
  }
}

const inSeconds = (ms: number) => Math.floor(ms / 1000);

/** A guest nobody has been before. */
export function newGuest(name?: string): PlayerRef {
  const id = randomBytes(9).toString('base64url');
  return { id, name: name ?? `Guest ${randomBytes(2).toString('hex').toUpperCase()}` };
}

/** The token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
}
