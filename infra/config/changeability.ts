// The effect of a change of each key on a running stack. The reference of the configuration has this as a table.
import type { Key, Values } from './keys.ts';

/** The verdict on one change. */
export type Verdict =
  /** The change is made at this cost; empty: none. */
  | { readonly kind: 'made'; readonly cost: string }
  /** The change is made only when the user accepts this loss. */
  | { readonly kind: 'loses'; readonly what: string }
  /** The change is never made; `remedy` says what to do instead. */
  | { readonly kind: 'refused'; readonly remedy: string };

export interface Changeability {
  /** The effect of the change, for the table. */
  readonly effect: string;
  /** Its cost, or the alternative, for the table. */
  readonly cost: string;
  readonly judge: (before: Values, after: Values) => Verdict;
}

const made = (effect: string, cost = ''): Changeability => ({
  effect,
  cost: cost === '' ? 'nothing' : cost,
  judge: () => ({ kind: 'made', cost }),
});

type Condition = (before: Values, after: Values) => boolean;
const always: Condition = () => true;

/** Refused where the condition holds, and free elsewhere. */
const refused = (why: string, remedy: string, when: Condition = always): Changeability => ({
  effect: `refused: ${why}`,
  cost: remedy,
  judge: (...values) =>
    when(...values) ? { kind: 'refused', remedy: `${why}: ${remedy}` } : { kind: 'made', cost: '' },
});

/** Loses something where the condition holds, and costs something elsewhere. */
const loses = (effect: string, what: string, when: Condition, cost = ''): Changeability => ({
  effect,
  cost: `if ${what} would be lost: refused without \`--accept-data-loss\`${cost === '' ? '' : `; otherwise ${cost}`}`,
  judge: (...values) => (when(...values) ? { kind: 'loses', what } : { kind: 'made', cost }),
});

const onKind = ({ cluster }: Values): boolean => cluster === 'kind';
const onEks = ({ cluster }: Values): boolean => cluster === 'eks';
const onOwnCluster = (values: Values): boolean => onKind(values) || onEks(values);
/** Whether the context of a kubeconfig names the cluster. */
const byContext = (values: Values): boolean => !onOwnCluster(values);

const UNUSED = made('nothing: `npm start` alone uses it');
const IN_PLACE = made('in place');
const ROLLS = made(
  'rolls the replicas',
  'the replicas are replaced one after the other; the sockets of each reconnect during its drain',
);
const EDGE = made(
  'the edge adopts it',
  'the controller reloads, and sockets stay; the plain edge is replaced pod by pod, and the sockets of each reconnect',
);
const EDGE_AND_REPLICAS = made('rolls the replicas, and the edge adopts it', ROLLS.cost);
const REDIS = made(
  'restarts Redis',
  'with redis: single, commands wait until Redis is back; with redis: sentinel, another Redis takes over',
);
const EVERYTHING = made('restarts every pod', `${ROLLS.cost}; Redis restarts too`);

const NEW_STACK = 'bring a second stack up next to it (another --stack), move the clients, then take this one down';
const NEW_CLUSTER =
  'run npm run down, then npm run up, to make a new cluster; first back up Redis and the root, which down deletes too';

const BYTES: Readonly<Record<string, number>> = { Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 };
const bytes = (size: string): number => Number.parseInt(size, 10) * (BYTES[size.slice(-2)] ?? 1);
const hasVolume = ({ redis }: Values): boolean => redis === 'single' || redis === 'sentinel';
/** Whether cert-manager makes the certificates. */
const byCertManager = ({ certificates }: Values): boolean => certificates !== 'files';
/** Whether the stack has its own chain, for clients or for the replicas as clients of Redis. */
const hasChain = (values: Values): boolean =>
  values.certificates === 'cert-manager' || (values.certificates === 'acme' && hasVolume(values));

/** A root that no client accepts yet must not issue, and the issuing root must not be dropped. */
function skipsAStep(before: Values, after: Values): boolean {
  if (!hasChain(before) || !hasChain(after)) return false;
  return !before.pki.generations.includes(after.pki.issuing) || !after.pki.generations.includes(before.pki.issuing);
}

const NEW_REDIS = 'the replicas are replaced, and use the data that is in the new Redis';

/** Judges a change of Redis. Only a Redis of the stack can lose data; an external one keeps it. */
function judgeRedis(before: Values, after: Values): Verdict {
  if (hasVolume(before) && !hasVolume(after)) return { kind: 'loses', what: 'the data in Redis' };
  if (hasVolume(before)) {
    return {
      kind: 'made',
      cost:
        'while all its pods are ready, nothing acknowledged is lost; replicas not yet replaced may find no Redis that ' +
        'accepts moves',
    };
  }
  const kept = before.redis === 'external' ? `; the data in the previous Redis stays there` : '';
  return { kind: 'made', cost: after.redis === 'none' ? `${ROLLS.cost}${kept}` : `${NEW_REDIS}${kept}` };
}

export const CHANGEABILITY: { readonly [K in Key]: Changeability } = Object.freeze({
  cluster: refused(
    'a stack stays on its cluster',
    NEW_STACK,
    (before, after) => !byContext(before) || !byContext(after),
  ),
  clusterName: refused('a cluster cannot be renamed', NEW_STACK, onOwnCluster),
  nodeImage: refused('kind cannot change the nodes of a cluster', NEW_CLUSTER, onKind),
  workers: refused('kind cannot change the nodes of a cluster', NEW_CLUSTER, onKind),
  port: refused('on kind, the ports are fixed when the cluster is made', NEW_CLUSTER, onKind),
  httpPort: refused('on kind, the ports are fixed when the cluster is made', NEW_CLUSTER, onKind),
  nodePort: refused('on kind, the ports are fixed when the cluster is made', NEW_CLUSTER, onKind),
  httpNodePort: refused('on kind, the ports are fixed when the cluster is made', NEW_CLUSTER, onKind),
  kubeconfig: loses(
    'in place, if it leads to the same cluster',
    'access to the cluster that the stack is on',
    byContext,
  ),
  context: loses('in place, if it leads to the same cluster', 'access to the cluster that the stack is on', byContext),
  awsRegion: refused('a cluster stays in its region', NEW_STACK, onEks),
  namespace: refused(
    'Redis and every object would be made again in the new namespace while those in the old one still hold the ports',
    NEW_STACK,
  ),
  stateDir: made('nothing in the cluster: `npm run up` looks for its state there', 'move the directory yourself'),

  app: made('rolls the replicas', `${ROLLS.cost}; rooms of the previous application are no longer served`),
  serverImage: ROLLS,
  serverPort: EDGE_AND_REPLICAS,
  serverEnvironment: ROLLS,
  serverSecretEnvironment: made('rolls the replicas', 'not compared, as it is secret'),
  image: ROLLS,
  imageRepository: ROLLS,
  imageBuilder: made('in place'),
  baseImage: ROLLS,
  imageMirror: EVERYTHING,
  design: EDGE_AND_REPLICAS,
  healthPath: EDGE_AND_REPLICAS,
  heartbeatMs: EDGE_AND_REPLICAS,
  drainMs: ROLLS,
  drainSignal: ROLLS,
  drainSeconds: ROLLS,
  rebalancePercent: ROLLS,
  sessionSeconds: ROLLS,
  allowedOrigins: ROLLS,
  apiKeysFile: ROLLS,
  operatorKeysFile: ROLLS,
  guests: ROLLS,
  jwtIssuer: ROLLS,
  jwtAudience: ROLLS,
  jwtJwksUrl: ROLLS,
  jwtKeysFile: ROLLS,
  jwtNameClaim: ROLLS,
  jwtIdClaim: ROLLS,
  maxSockets: ROLLS,
  maxGames: ROLLS,
  tracesEndpoint: EDGE_AND_REPLICAS,
  tracesSampleRatio: EDGE_AND_REPLICAS,
  replicas: IN_PLACE,

  host: made(
    'new certificates, and rolls the replicas',
    `the edge's certificate is for the new name only; ${ROLLS.cost}`,
  ),
  ingress: made(
    'in place',
    'the new pods join the old ones behind the same Service; then the old ones are drained, and their sockets reconnect',
  ),
  ingressClass: made('in place', 'sockets reconnect when the other controller takes the Ingress over'),
  ingressNamespace: IN_PLACE,
  externalDns: IN_PLACE,
  ingressReplicas: made('in place', 'if the number falls, the sockets of the pods that are removed reconnect'),
  ingressService: made('in place', 'the address of the edge changes, and with it the DNS entry of the host'),
  proxyProtocol: made('in place', 'new connections fail until the load balancer and every pod of the edge agree'),
  socketPaths: EDGE,
  sticky: EDGE,
  tlsMinVersion: EDGE,
  maxConnections: EDGE,
  connectionsPerAddress: EDGE,
  connectionRatePerAddress: EDGE,
  requestRatePerAddress: EDGE,
  refusedRatePerAddress: EDGE,
  connectionRate: EDGE,
  handshakeRate: EDGE,
  headerTimeoutMs: EDGE,
  maxBodyBytes: EDGE,
  haproxyImage: EDGE,
  controllerImage: made('in place', 'the pods of the edge are replaced one by one, and the sockets of each reconnect'),

  certificates: loses(
    'other certificates',
    "the root key of the stack's chain",
    // With ACME, only Redis uses the chain. Its clients are the replicas, which then get the other roots.
    (before, after) => before.certificates === 'cert-manager' && !hasChain(after),
    'clients have to trust the other authority',
  ),
  certificatesDir: made('in place', 'the edge serves the new leaf'),
  pki: {
    effect: 'the same as `npm run rotate`',
    cost: "nothing; refused if it skips a step of a root's rollover",
    judge: (before, after) =>
      skipsAStep(before, after)
        ? {
            kind: 'refused',
            remedy: 'clients would be shown a root that they do not accept: npm run rotate goes step by step',
          }
        : { kind: 'made', cost: '' },
  },
  acmeServer: made('new certificates', 'clients have to trust the other authority'),
  acmeEmail: IN_PLACE,
  acmeChallenge: IN_PLACE,
  acmeDns: IN_PLACE,
  acmeDnsZone: IN_PLACE,
  acmeDnsProject: IN_PLACE,
  acmeDnsSecret: IN_PLACE,
  acmeAzure: IN_PLACE,

  redis: {
    effect:
      'between single and sentinel: Redis restarts with one pod or three, on the data of the first pod, and the replicas ' +
      'are replaced; any other change: another Redis, or none',
    cost:
      'between single and sentinel, nothing acknowledged is lost while all pods are ready. From single or sentinel to ' +
      'external or none, the data in Redis would be lost: refused without `--accept-data-loss`. To another Redis, ' +
      NEW_REDIS,
    judge: judgeRedis,
  },
  redisUrl: made('rolls the replicas', 'not compared, as it is secret; another Redis has none of the games'),
  redisCaFile: ROLLS,
  redisImage: REDIS,
  redisMemoryMib: REDIS,
  redisPersistence: REDIS,
  redisStorage: refused(
    'a volume cannot shrink, and a volume of the storage class that comes with kind cannot grow either',
    'a second stack with the new size, and a backup of this one restored there',
    (before, after) => {
      if (!hasVolume(before) || !hasVolume(after)) return false;
      const more = bytes(after.redisStorage) - bytes(before.redisStorage);
      // Volumes of another class than kind's own may be able to grow.
      return more < 0 || (more > 0 && before.cluster === 'kind' && before.redisStorageClass === '');
    },
  ),
  redisStorageClass: refused(
    'a volume keeps its class',
    'a second stack with the other class, and a backup of this one restored there',
    (before, after) => hasVolume(before) && hasVolume(after) && before.redisStorageClass !== after.redisStorageClass,
  ),
  protect: IN_PLACE,

  autoscaling: made(
    'in place',
    'a change from keda removes the KEDA that the stack installed, and other stacks that use this KEDA are not scaled then',
  ),
  scaleOn: IN_PLACE,
  maxReplicas: EDGE,
  socketsPerReplica: IN_PLACE,
  monitoring: IN_PLACE,
  metricsPath: IN_PLACE,
  metricsPort: IN_PLACE,
  charts: loses(
    'upgrades, installs or removes the charts',
    'every certificate of cert-manager',
    (before, after) => byCertManager(before) && before.charts.certManager.install && !after.charts.certManager.install,
    'the pods of the charts restart, and a controller that restarts drains its sockets',
  ),

  command: UNUSED,
  upstreams: UNUSED,
  certificateFile: UNUSED,
  rootPassphraseFile: UNUSED,
  acmeTlsAlpn: UNUSED,
  breakIt: UNUSED,
});

/** Keys whose change has the same effect and cost. */
export interface ChangeGroup {
  readonly effect: string;
  readonly cost: string;
  readonly keys: Key[];
}

/** Every key, those with the same effect and cost together. */
export function changeGroups(): ChangeGroup[] {
  const groups = new Map<string, ChangeGroup>();
  for (const [key, { effect, cost }] of Object.entries(CHANGEABILITY) as [Key, Changeability][]) {
    const group = groups.get(`${effect}|${cost}`) ?? { effect, cost, keys: [] };
    group.keys.push(key);
    groups.set(`${effect}|${cost}`, group);
  }
  return [...groups.values()];
}
