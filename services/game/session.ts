import { randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import * as v from 'valibot';
import { PlayerId, PlayerName, type PlayerRef } from '../protocol/index.ts';

export const SESSION_SECONDS = 12 * 3600;

const ISSUER = 'gridlock';
const AUDIENCE = 'gridlock.v1';
const ALGORITHM = 'HS256';
const Claims = v.object({ sub: PlayerId, name: PlayerName, exp: v.number() });

export interface Session {
  readonly player: PlayerRef;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/**
 * Signs and reads the tokens of players. All replicas share the secret, so that any of them reads any token.
 */
export class Sessions {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** A token for a player; a new guest when none is given. */
  async issue(player: PlayerRef): Promise<Session & { token: string }> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiry = issuedAt + SESSION_SECONDS;
    const token = await new SignJWT({ name: player.name })
      .setProtectedHeader({ alg: ALGORITHM })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(player.id)
      .setIssuedAt(issuedAt)
      .setExpirationTime(expiry)
      .sign(this.#secret);
    return { player, expiresAt: expiry * 1000, token };
  }

  /** The session of a token; undefined when it was not signed here, expired or is no token at all. */
  async read(token: string): Promise<Session | undefined> {
    try {
      const options = { issuer: ISSUER, audience: AUDIENCE, algorithms: [ALGORITHM] };
      const { payload } = await jwtVerify(token, this.#secret, options);
      const { sub, name, exp } = v.parse(Claims, payload);
      return { player: { id: sub, name }, expiresAt: exp * 1000 };
    } catch {
      return undefined;
    }
  }
}

/** A guest nobody has been before. */
export function newGuest(name?: string): PlayerRef {
  const id = randomBytes(9).toString('base64url');
  return { id, name: name ?? `Guest ${randomBytes(2).toString('hex').toUpperCase()}` };
}

/** The token of an Authorization header. */
export function bearerToken(header: string | undefined): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header ?? '')?.[1];
}
