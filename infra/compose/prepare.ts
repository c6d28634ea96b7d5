import path from 'node:path';
import { mirrored } from '../components/artifacts.ts';
import { checkApp } from '../config/app.ts';
import { checkNoBreaking } from '../config/checks.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { urlOf } from '../config/origin.ts';
import { checkNoUserServer } from '../config/server-checks.ts';
import { bundle } from '../image/bundle.ts';
import type { Owner } from './files.ts';
import { composePaths, REPLICAS, writeComposeFiles } from './files.ts';
import { prepareUserServer } from './user-server.ts';
import { composeVariables, writeEnv } from './variables.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Prepared {
  readonly url: string;
  /** Path of the certificate to trust. */
  readonly rootCertificate: string;
  /** `gridlock/game:<hash>`, or that of the user's server. */
  readonly image: string;
  /** The file that Docker Compose reads; undefined for the compose.yaml of the checkout. */
  readonly composeFile?: string;
}

export interface PrepareOptions {
  readonly config: Config;
  /** The user the containers run as. */
  readonly owner: Owner;
  /** The file for the variables; default: `.env` next to compose.yaml. */
  readonly envFile?: string;
}

function requireFour({ replicas, serverImage }: Config): void {
  if (replicas === REPLICAS.length || serverImage !== '') return;
  throw new ConfigError(
    `replicas is ${replicas}, and compose.yaml names ${REPLICAS.length}, ${REPLICAS[0]} to ${REPLICAS.at(-1)}: ` +
      'start another number with npm start, or on Kubernetes.',
  );
}

function refuseLocalCertificates({ certificateFile, rootPassphraseFile }: Config): void {
  const key = certificateFile !== '' ? 'certificateFile' : rootPassphraseFile !== '' ? 'rootPassphraseFile' : undefined;
  if (key !== undefined) throw new ConfigError(`${key} is for npm start alone: unset it for containers.`);
}

function refuseOwnMachine({ jwtJwksUrl }: Config): void {
  if (jwtJwksUrl === '' || jwtJwksUrl.startsWith('https:')) return;
  throw new ConfigError(`jwtJwksUrl is ${jwtJwksUrl}, which a container would look for in itself: use an https URL.`);
}

function refuseWhatIsLocal(config: Config): void {
  const complaint = checkNoUserServer(config) ?? checkNoBreaking(config);
  if (complaint) throw new ConfigError(`${complaint.problem}: ${complaint.remedy}.`);
}

/** Users name an existing Redis to their own server as they like. */
function requireRedis({ redis, serverImage }: Config): void {
  if (serverImage === '' || redis === 'single' || redis === 'none') return;
  throw new ConfigError(
    `redis is ${redis}, and containers have one Redis or none: set it to single, or to none with REDIS_URL in serverEnvironment.`,
  );
}

/**
 * Makes or reuses everything that compose.yaml needs on this machine: the image's context, the certificate chain, the
 * secrets, the configuration of the edge and of Redis, and the file with the variables.
 * @throws ConfigError, CertificateError or a BuildFailure
 */
export async function prepareCompose({ config, owner, envFile }: PrepareOptions): Promise<Prepared> {
  refuseWhatIsLocal(config);
  requireFour(config);
  refuseLocalCertificates(config);
  refuseOwnMachine(config);
  requireRedis(config);
  const paths = composePaths(config.stateDir);
  const url = urlOf('https', config.host, config.port);
  if (config.serverImage !== '') {
    const rootCertificate = await prepareUserServer(paths, config, owner);
    return { url, rootCertificate, image: config.serverImage, composeFile: paths.composeFile };
  }
  await checkApp(config);
  const built = await bundle({ app: config.app, baseImage: mirrored(config, config.baseImage) });
  const rootCertificate = await writeComposeFiles(paths, config, owner);
  const variables = composeVariables(ROOT, config, paths, built, owner);
  writeEnv(envFile ?? path.join(ROOT, '.env'), variables);
  return { url, rootCertificate, image: variables['GRIDLOCK_IMAGE']! };
}
