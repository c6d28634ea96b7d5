import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, createServer, type SecureContext, type Server as TlsServer } from 'node:tls';
import { promisify } from 'node:util';
import { writeFileAtomically } from '../directory/atomic-files.ts';
import { pathsOf } from '../directory/authority-files.ts';
import { CertificateError, reasonOf } from '../errors.ts';
import { type Listen, removeStaleSocket, startResponder } from '../renewal/responder.ts';
import { type UpdateServer, updateTxt } from './rfc2136.ts';

/** How to prove a name. It is plain data, because it is kept for the renewal. */
export type ChallengeSettings =
  | { type: 'http-01'; listen?: Listen | undefined }
  | { type: 'dns-01'; update: Omit<UpdateServer, 'secret'> & { secretFile: string } }
  | { type: 'dns-01'; set: string; clear: string }
  | { type: 'tls-alpn-01'; listen: Listen };

export interface Challenge {
  /** The name to prove, without `*.`. */
  domain: string;
  token: string;
  /** For dns-01 the record's value. */
  keyAuthorization: string;
  /** PEM of the certificate and key that a tls-alpn-01 challenge asks for. */
  alpnCertificate: () => Promise<{ cert: string; key: string }>;
}

/** Answers challenges as long as it is open. */
export interface Solver {
  set(challenge: Challenge): Promise<void>;
  clear(challenge: Challenge): Promise<void>;
  close(): Promise<void>;
}

export function openSolver(
  directory: string,
  settings: ChallengeSettings,
  secretOf: (path: string) => string,
): Promise<Solver> {
  switch (settings.type) {
    case 'http-01':
      return httpSolver(directory, settings.listen);
    case 'tls-alpn-01':
      return tlsAlpnSolver(settings.listen);
    case 'dns-01':
      return Promise.resolve(
        'set' in settings
          ? hookSolver(settings)
          : updateSolver({ ...settings.update, secret: secretOf(settings.update.secretFile) }),
      );
  }
}

/**
 * Writes the answer to where the directory's server reads it. Starts a server when nothing listens at the address yet.
 */
async function httpSolver(directory: string, listen: Listen | undefined): Promise<Solver> {
  const place = pathsOf(directory).challenges;
  mkdirSync(place, { recursive: true, mode: 0o700 });
  let server: Server | undefined;
  if (listen !== undefined && !(await somebodyListens(listen)))
    server = await startResponder(listen, { dir: directory });
  return {
    set: ({ token, keyAuthorization }) =>
      Promise.resolve(writeFileAtomically(join(place, safe(token)), keyAuthorization, 0o600)),
    clear: ({ token }) => Promise.resolve(rmSync(join(place, safe(token)), { force: true })),
    close: async () => {
      server?.closeAllConnections();
      if (server) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A TLS server that presents only the certificates of challenges (RFC 8737). */
async function tlsAlpnSolver(listen: Listen): Promise<Solver> {
  const contexts = new Map<string, SecureContext>();
  const server: TlsServer = createServer(
    {
      ALPNProtocols: ['acme-tls/1'],
      SNICallback: (name, done) => {
        const context = contexts.get(name.toLowerCase());
        done(context === undefined ? new Error('no challenge') : null, context);
      },
    },
    (socket) => socket.end(),
  );
  server.on('tlsClientError', () => undefined);
  if (typeof listen === 'string') removeStaleSocket(listen);
  server.listen(typeof listen === 'string' ? { path: listen } : listen);
  await once(server, 'listening');
  return {
    set: async ({ domain, alpnCertificate }) => {
      contexts.set(domain.toLowerCase(), createSecureContext(await alpnCertificate()));
    },
    clear: ({ domain }) => Promise.resolve(void contexts.delete(domain.toLowerCase())),
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function updateSolver(server: UpdateServer): Solver {
  return {
    set: ({ domain, keyAuthorization }) => updateTxt(server, recordOf(domain), keyAuthorization),
    clear: ({ domain, keyAuthorization }) => updateTxt(server, recordOf(domain), keyAuthorization, { remove: true }),
    close: () => Promise.resolve(),
  };
}

/** The user's commands. They read from environment variables which record to set. */
function hookSolver({ set, clear }: { set: string; clear: string }): Solver {
  const run = async (command: string, { domain, keyAuthorization }: Challenge) => {
    const env = {
      ...process.env,
      ACME_DOMAIN: domain,
      ACME_RECORD: recordOf(domain),
      ACME_VALUE: keyAuthorization,
    };
    try {
      await promisify(execFile)('/bin/sh', ['-c', command], { env, timeout: 300_000 });
    } catch (error) {
      const { stderr } = error as { stderr?: string };
      throw new CertificateError('acme', `The hook "${command}" failed (${stderr?.trim() || reasonOf(error)}).`, {
        cause: error,
      });
    }
  };
  return {
    set: (challenge) => run(set, challenge),
    clear: (challenge) => run(clear, challenge),
    close: () => Promise.resolve(),
  };
}

async function somebodyListens(listen: Listen): Promise<boolean> {
  const socket = typeof listen === 'string' ? connect(listen) : connect(listen);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

const recordOf = (domain: string): string => `_acme-challenge.${domain}`;

/** A token becomes the name of a file, so it must not hold a path. */
function safe(token: string): string {
  if (/^[A-Za-z0-9_-]{1,128}$/.test(token)) return token;
  throw new CertificateError('acme', `The authority sent the token "${token}", which RFC 8555 does not allow.`);
}
