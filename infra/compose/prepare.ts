import path from 'node:path';
import { mirrored } from '../components/artifacts.ts';
import { checkApp } from '../config/app.ts';
import { checkNoBreaking } from '../config/checks.ts';
import { type Config, ConfigError } from '../config/config.ts';
import { checkNoUserServer } from '../config/server-checks.ts';
import { bundle } from '../image/bundle.ts';
import type { Owner } from './files.ts';
import { composePaths, REPLICAS, writeComposeFiles } from './files.ts';
import { composeVariables, writeEnv } from './variables.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Prepared {
  readonly url: string;
  /** Path of the certificate to trust. */
  readonly rootCertificate: string;
  /** `gridlock/game:<hash>` */
  readonly image: string;
}

export interface PrepareOptions {
  readonly config: Config;
  /** The user the containers run as. */
  readonly owner: Owner;
  /** Where the variables are written; default: `.env` next to compose.yaml. */
  readonly envFile?: string;
}

function requireFour({ replicas }: Config): void {
  if (replicas === REPLICAS.length) return;
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
  if (config.serverImage !== '') {
    throw new ConfigError('serverImage is for Kubernetes: unset it, as compose.yaml runs the replicas of Gridlock.');
  }
}

/**
 * Makes, or reuses, all that compose.yaml needs on this machine: the image's context, the certificate chain, the
 * secrets, the configuration of the edge and of Redis, and the file with the variables.
 * @throws ConfigError, CertificateError or a BuildFailure
 */
export async function prepareCompose({ config, owner, envFile }: PrepareOptions): Promise<Prepared> {
  refuseWhatIsLocal(config);
  requireFour(config);
  refuseLocalCertificates(config);
  refuseOwnMachine(config);
  await checkApp(config);
  const paths = composePaths(config.stateDir);
  const built = await bundle({ app: config.app, baseImage: mirrored(config, config.baseImage) });
  const rootCertificate = await writeComposeFiles(paths, config, owner);
  const variables = composeVariables(ROOT, config, paths, built, owner);
  writeEnv(envFile ?? path.join(ROOT, '.env'), variables);
  const host = config.host.includes(':') ? `[${config.host}]` : config.host;
  const url = `https://${host}${config.port === 443 ? '' : `:${config.port}`}`;
  return { url, rootCertificate, image: variables['GRIDLOCK_IMAGE']! };
}
