import { createHash } from 'node:crypto';
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import * as random from '@pulumi/random';
import { TRUST_KEY } from '../components/certificates/certificate-chain.ts';
import { edgeName } from '../components/edge/names.ts';
import { labelsOf } from '../components/labels.ts';
import type { MountedFiles } from '../components/replicas/replicas-args.ts';
import { readApiKeys, readOperatorKeys } from '../config/api-keys.ts';
import { appInImage } from '../config/app.ts';
import type { Config } from '../config/config.ts';
import { readJwtKeys } from '../config/jwt-keys.ts';
import { publicOrigins } from '../config/origin.ts';
import { type ReplicaEnvironment, replicaSettings } from '../config/replica-environment.ts';
import { HTTP_PORT, INTERNAL_PORT } from './names.ts';
import type { ServerArgs } from './server.ts';

const DIRECTORY = '/etc/gridlock';
const ROOTS_DIRECTORY = `${DIRECTORY}/roots`;
const TOKEN_KEY = 'token';

export interface GridlockServerArgs {
  readonly config: Config;
  readonly namespace: pulumi.Input<string>;
  /** Name of the WebSocket cluster. */
  readonly cluster: string;
  /** Signs the players' tokens: 32 characters or more; default: made at random. */
  readonly tokenSecret?: pulumi.Input<string>;
}

/** The settings of Gridlock's server that other servers do not have. */
export type ServerSettings = Omit<ServerArgs, 'image'>;

/**
 * Their ports and probes. No liveness probe depends on Redis: its failure would kill all replicas, and none of them can
 * fix it.
 */
export const GRIDLOCK_PORTS = Object.freeze({
  port: HTTP_PORT,
  health: { path: '/healthz', port: INTERNAL_PORT },
  readiness: { path: '/readyz', port: INTERNAL_PORT },
  metrics: { path: '/metrics', port: INTERNAL_PORT },
}) satisfies ServerSettings;

/** The address of the edge within the cluster: the operations page checks its certificate. */
function edgeAddress({ ingress, charts, port, proxyProtocol }: Config, cluster: string): ReplicaEnvironment {
  // Not with the PROXY protocol, which refuses clients that bypass the balancer, and not with an existing controller,
  // whose Service is not known.
  if (proxyProtocol || (ingress === 'controller' && !charts.ingress.install)) return {};
  return { EDGE_ADDRESS: `${edgeName(cluster)}:${port}` };
}

/** Whether players get the roots. With ACME, the edge's certificate is from a public authority. */
const knowsRoots = ({ certificates }: Config): boolean => certificates !== 'acme';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** A file of the pods, and the variable by which a replica finds it. */
interface Told {
  readonly variable: keyof ReplicaEnvironment;
  readonly files: MountedFiles & { readonly keys: readonly [string] };
}

/** The secrets, keys and variables that only Gridlock's server has. */
export class GridlockServer extends pulumi.ComponentResource {
  readonly settings: ServerSettings;
  readonly #args: GridlockServerArgs;

  constructor(name: string, args: GridlockServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super('gridlock:program:GridlockServer', name, {}, opts);
    this.#args = args;
    const { config } = args;
    const tokenSecret = pulumi.output(args.tokenSecret ?? randomText(`${name}-token`, this));
    const issuerKeys = readJwtKeys(config);
    const told = [
      this.#secret('TOKEN_SECRET_FILE', 'token', TOKEN_KEY, tokenSecret),
      ...this.#issuer(issuerKeys),
      ...this.#keys('API_KEYS_FILE', 'api', readApiKeys(config)),
      ...this.#keys('OPERATOR_KEYS_FILE', 'operator', readOperatorKeys(config)),
    ];
    this.settings = {
      ...GRIDLOCK_PORTS,
      gridlock: { design: config.design, heartbeatMs: config.heartbeatMs },
      environment: this.#environment(told),
      files: told.map(({ files }) => files),
      readsRedisFiles: true,
      writableDirectories: [],
      ...(knowsRoots(config) ? { rootsDirectory: ROOTS_DIRECTORY } : {}),
      drain: { seconds: Math.ceil(config.drainMs / 1000) },
      pod: {
        annotations: {
          // Read at the start: a new one replaces the pods.
          'checksum/token': pulumi.unsecret(tokenSecret.apply(digest)),
          ...(issuerKeys === undefined ? {} : { 'checksum/issuer': digest(issuerKeys) }),
        },
      },
    };
    this.registerOutputs({});
  }

  #environment(told: readonly Told[]): Record<string, pulumi.Input<string>> {
    const { config } = this.#args;
    const variables: ReplicaEnvironment = {
      HOST: '0.0.0.0',
      INTERNAL_HOST: '0.0.0.0',
      INTERNAL_PORT: String(INTERNAL_PORT),
      APP: appInImage(config),
      ...replicaSettings(config),
      WEB_ROOT: '/app/web',
      ...edgeAddress(config, this.#args.cluster),
      ...(knowsRoots(config) ? { CERTIFICATE_ROOTS_FILE: `${ROOTS_DIRECTORY}/${TRUST_KEY}` } : {}),
      ...Object.fromEntries(told.map(({ variable, files }) => [variable, `${files.directory}/${files.keys[0]}`])),
      ALLOWED_ORIGINS: publicOrigins(config).join(','),
    };
    return variables as Record<string, string>;
  }

  #metadata(suffix: string) {
    const { cluster, namespace } = this.#args;
    return { name: `${cluster}-${suffix}`, namespace, labels: labelsOf({ cluster, part: 'server' }) };
  }

  #secret(variable: Told['variable'], name: string, key: string, value: pulumi.Input<string>): Told {
    const metadata = this.#metadata(name);
    const secret = new kubernetes.core.v1.Secret(
      metadata.name,
      { metadata, type: 'Opaque', stringData: { [key]: pulumi.secret(value) } },
      { parent: this },
    );
    return { variable, files: { name, directory: `${DIRECTORY}/${name}`, secret: secret.metadata.name, keys: [key] } };
  }

  /** Replicas read it again when it changes, so that a new key does not replace the pods. */
  #keys(variable: Told['variable'], name: string, keys: string | undefined): Told[] {
    return keys === undefined ? [] : [this.#secret(variable, name, `${name}.keys`, keys)];
  }

  /** The public keys for players' JWTs, when they are not fetched. */
  #issuer(keys: string | undefined): Told[] {
    if (keys === undefined) return [];
    const [key, metadata] = ['jwt.keys', this.#metadata('issuer')];
    const map = new kubernetes.core.v1.ConfigMap(metadata.name, { metadata, data: { [key]: keys } }, { parent: this });
    const directory = `${DIRECTORY}/issuer`;
    return [
      { variable: 'JWT_KEYS_FILE', files: { name: 'issuer', directory, configMap: map.metadata.name, keys: [key] } },
    ];
  }
}

const randomText = (name: string, parent: pulumi.Resource): pulumi.Output<string> =>
  new random.RandomPassword(name, { length: 48, special: false }, { parent }).result;
