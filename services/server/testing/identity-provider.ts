import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, type GenerateKeyPairResult, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export const ISSUER = 'https://id.example/';
export const AUDIENCE = 'gridlock-test';

/** Claims of a token. A time that is left out is valid; `null` means that the claim is missing. */
export interface Claims extends Omit<JWTPayload, 'exp' | 'iat' | 'iss' | 'aud'> {
  readonly exp?: number | null;
  readonly iat?: number | null;
  readonly iss?: string | null;
  readonly aud?: string | null;
}

export const seconds = (offset = 0): number => Math.floor(Date.now() / 1000) + offset;

/** An identity provider on this machine: signs JWTs, and shows its public keys at a URL. */
export class IdentityProvider {
  /** Times its keys were fetched. */
  fetches = 0;
  /** What the URL answers with, where that is not 200. */
  status = 200;
  readonly #keys = new Map<string, GenerateKeyPairResult & { readonly alg: Algorithm }>();
  /** Keys that are shown. */
  readonly #shown = new Set<string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(alg: Algorithm = 'ES256'): Promise<IdentityProvider> {
    const server = createServer();
    const provider = new IdentityProvider(server);
    server.on('request', (_request, response) => {
      provider.fetches += 1;
      provider.keySet().then(
        (body) => response.writeHead(provider.status, { connection: 'close' }).end(JSON.stringify(body)),
        (error: Error) => response.destroy(error),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await provider.addKey('one', alg);
    return provider;
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/keys.json`);
  }

  /** Makes a key, which the URL shows from now on. */
  async addKey(kid: string, alg: Algorithm = 'ES256', isShown = true): Promise<void> {
    this.#keys.set(kid, { alg, ...(await generateKeyPair(alg, { extractable: true })) });
    if (isShown) this.#shown.add(kid);
  }

  removeKey(kid: string): void {
    this.#shown.delete(kid);
  }

  async keySet() {
    const shown = [...this.#shown].map((kid) => ({ kid, ...this.#keys.get(kid)! }));
    return {
      keys: await Promise.all(
        shown.map(async ({ kid, alg, publicKey }) => ({ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' })),
      ),
    };
  }

  publicPem(kid = 'one'): Promise<string> {
    return exportSPKI(this.#keys.get(kid)!.publicKey);
  }

  /** A JWT for an hour, unless its claims say otherwise. */
  token(claims: Claims = {}, kid = 'one', isNamed = true): Promise<string> {
    const { alg, privateKey } = this.#keys.get(kid)!;
    return new SignJWT(payload(claims)).setProtectedHeader({ alg, ...(isNamed ? { kid } : {}) }).sign(privateKey);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The claims of a good token, with these instead; `null` leaves one out. */
export function payload(claims: Claims): JWTPayload {
  const all = { iss: ISSUER, aud: AUDIENCE, sub: 'user-1', iat: seconds(), exp: seconds(3600), ...claims };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as JWTPayload;
}
