import path from 'node:path';
import { PreflightError } from './errors.ts';

/** macOS gives a UNIX socket's path 104 bytes with the closing zero, Linux 108. */
const SOCKET_PATH_BYTES = 103;

/** Every file of a state directory; absolute. */
export function statePaths(stateDir: string) {
  const root = path.resolve(stateDir);
  const run = path.join(root, 'run');
  const paths = Object.freeze({
    root,
    pki: path.join(root, 'pki'),
    redis: path.join(root, 'redis'),
    redisConfig: path.join(root, 'redis', 'redis.conf'),
    logs: path.join(root, 'logs'),
    /** Copies of the page, by the state of its sources. */
    page: path.join(root, 'page'),
    run,
    edgeConfig: path.join(run, 'haproxy.cfg'),
    runtimeSocket: path.join(run, 'haproxy.sock'),
    controlSocket: path.join(run, 'control.sock'),
    /** The authority serves revocation lists and answers to challenges to the edge here. */
    authoritySocket: path.join(run, 'certs.sock'),
    /** The edge passes on requests to break something here. */
    breakSocket: path.join(run, 'break.sock'),
    /** The owner of the directory: the running supervisor. */
    owner: path.join(run, 'supervisor.json'),
    /** The processes it started, so that the next supervisor can end them if this one is killed. */
    children: path.join(run, 'children.json'),
    /** The last good copy of the user's own certificate, which the edge serves. */
    edgeCertificate: path.join(run, 'edge.pem'),
    tokenSecret: path.join(run, 'token.secret'),
    redisPassword: path.join(run, 'redis.password'),
    cookieKey: path.join(run, 'cookie.key'),
    /** The keys for the operations page, where no other file is configured. */
    operatorKeys: path.join(run, 'operator.keys'),
  });
  if (Buffer.byteLength(paths.controlSocket) > SOCKET_PATH_BYTES) {
    throw new PreflightError(
      `The state directory's path is too long for the sockets in it (${paths.controlSocket}): ` +
        'choose a shorter one with --state-dir.',
    );
  }
  return paths;
}

export type StatePaths = ReturnType<typeof statePaths>;
