// What two keys must agree on.
import { isIP } from 'node:net';
import type { Key, Values } from './keys.ts';
import { PLAYER_KEYS } from './player-keys.ts';

export interface Complaint {
  /** The keys that disagree; the message names the place of the first that is set anywhere. */
  keys: readonly Key[];
  problem: string;
  remedy: string;
}

/** `given`: the keys that somebody set, encrypted ones among them. */
type Check = (values: Values, given: ReadonlySet<Key>) => Complaint | undefined;

const LOOPBACK = /^(localhost|.*\.localhost|127\..*|::1)$/;

const OF_PLAYERS = Object.keys(PLAYER_KEYS) as (keyof typeof PLAYER_KEYS)[];

/** A server of the user's says itself which clients may connect: a JWT that it does not read would protect nothing. */
const checkPlayers: Check = ({ command, upstreams }, given) => {
  const stray = OF_PLAYERS.find((key) => given.has(key));
  if (!stray || (command === '' && upstreams.length === 0)) return undefined;
  return {
    keys: [stray],
    problem: `${stray} is for the replicas of Gridlock, and command or upstreams is set`,
    remedy: 'unset it: your own server decides who may connect',
  };
};

const JWT_KEYS = ['jwtAudience', 'jwtJwksUrl', 'jwtKeysFile', 'jwtNameClaim', 'jwtIdClaim'] as const;

/** JWTs are checked with the keys of one issuer, for one audience. */
const checkJwt: Check = (values, given) => {
  const { jwtIssuer, jwtAudience, jwtJwksUrl, jwtKeysFile, guests } = values;
  if (jwtIssuer === '') {
    const stray = JWT_KEYS.find((key) => given.has(key));
    if (stray) return needs(stray, stray, 'jwtIssuer', 'the "iss" of your tokens');
    if (guests) return undefined;
    return needs('guests', 'guests is false, so that nobody could play: it', 'jwtIssuer', 'the "iss" of your tokens');
  }
  if (jwtAudience === '') return needs('jwtIssuer', 'jwtIssuer', 'jwtAudience', 'the "aud" of tokens for this cluster');
  if (jwtJwksUrl === '' && jwtKeysFile === '')
    return needs('jwtIssuer', 'jwtIssuer', 'jwtJwksUrl or jwtKeysFile', "the URL, or a file, of the issuer's keys");
  if (jwtJwksUrl === '' || jwtKeysFile === '') return undefined;
  return {
    keys: ['jwtKeysFile', 'jwtJwksUrl'],
    problem: 'jwtJwksUrl and jwtKeysFile are both set',
    remedy: 'the keys come from one of them: unset the other',
  };
};

const ONLY_WITH_SERVER = ['socketPaths', 'sticky', 'healthPath'] as const;
const ONLY_WITH_COMMAND = ['drainSignal', 'drainSeconds'] as const;

const checkUserServer: Check = ({ command, upstreams }, given) => {
  if (command !== '' && upstreams.length > 0) {
    return {
      keys: ['upstreams', 'command'],
      problem: 'command and upstreams are both set',
      remedy: 'a server is started, or it runs already: unset one of them',
    };
  }
  const isOwn = command === '' && upstreams.length === 0;
  const stray = isOwn
    ? [...ONLY_WITH_SERVER, ...ONLY_WITH_COMMAND].find((key) => given.has(key))
    : command === '' && ONLY_WITH_COMMAND.find((key) => given.has(key));
  if (!stray) return undefined;
  return {
    keys: [stray],
    problem: isOwn
      ? `${stray} is set, and neither command nor upstreams`
      : `${stray} is set with upstreams, whose servers Gridlock does not end`,
    remedy: isOwn
      ? 'it is for a server of your own: set one of them too, or unset it'
      : 'unset it, or set command instead',
  };
};

const checkBreaking: Check = ({ command, upstreams, breakIt }) => {
  if (breakIt !== 'on' || (command === '' && upstreams.length === 0)) return undefined;
  return {
    keys: ['breakIt'],
    problem: 'breakIt is on, and command or upstreams is set',
    remedy: 'unset it: the buttons are on the page of the game, which is not served then',
  };
};

/** What stands in a file for a Kubernetes cluster is passed over by Gridlock's own replicas. */
function checkLocalRedis({ command, upstreams, redis }: Values): Complaint | undefined {
  const isOwn = command === '' && upstreams.length === 0;
  if (isOwn && redis === 'none') {
    return {
      keys: ['redis'],
      problem: "redis is none, and Gridlock's own replicas need one",
      remedy: 'none is for command and upstreams: set one of them, or redis to single',
    };
  }
  if (isOwn || redis === 'single' || redis === 'none') return undefined;
  return {
    keys: ['redis'],
    problem: `redis is ${redis}, which npm start has not`,
    remedy: 'set it to single for a Redis on this machine, or to none',
  };
}

/** What `npm start` checks. */
export const LOCAL_CHECKS: readonly Check[] = [
  checkPlayers,
  checkJwt,
  checkUserServer,
  checkBreaking,
  checkLocalRedis,
  ({ port, httpPort }) =>
    port === httpPort
      ? {
          keys: ['httpPort', 'port'],
          problem: `port and httpPort are both ${port}`,
          remedy: 'HTTPS and HTTP need a port each',
        }
      : undefined,
];

const needs = (because: Key, problem: string, key: string, example: string): Complaint => ({
  keys: [because],
  problem: `${problem} needs ${key}`,
  remedy: `set it to ${example}`,
});

function checkLocalCertificates({ certificateFile, rootPassphraseFile }: Values): Complaint | undefined {
  if (certificateFile !== '') {
    return {
      keys: ['certificateFile'],
      problem: 'certificateFile is for npm start alone',
      remedy: 'here it is certificates: files, and certificatesDir',
    };
  }
  if (rootPassphraseFile === '') return undefined;
  return {
    keys: ['rootPassphraseFile'],
    problem: 'rootPassphraseFile is for npm start alone',
    remedy: 'unset it: keys never leave the cluster',
  };
}

/** What keys of a server of the user's are for; undefined without one. */
export function checkNoUserServer({ command, upstreams }: Values): Complaint | undefined {
  if (command === '' && upstreams.length === 0) return undefined;
  const key = command === '' ? 'upstreams' : 'command';
  return {
    keys: [key],
    problem: `${key} is for npm start alone`,
    remedy: 'unset it: containers and Kubernetes run the replicas of Gridlock',
  };
}

/** Nobody is there in containers and on Kubernetes to start again what was killed on purpose. */
export function checkNoBreaking({ breakIt }: Pick<Values, 'breakIt'>): Complaint | undefined {
  if (breakIt !== 'on') return undefined;
  return { keys: ['breakIt'], problem: 'breakIt is for npm start alone', remedy: 'unset it' };
}

function checkPlace({ cluster, kubeconfig, context }: Values): Complaint | undefined {
  if (cluster !== 'existing' || kubeconfig !== '' || context !== '') return undefined;
  const example = 'a context of your kubeconfig, or set kubeconfig to the path of one';
  return needs('cluster', 'cluster: existing', 'context', example);
}

function checkImage({ cluster, image, imageRepository }: Values): Complaint | undefined {
  if (image !== '' && imageRepository !== '') {
    return {
      keys: ['image', 'imageRepository'],
      problem: 'image and imageRepository are both set',
      remedy: 'an image that is named is neither built nor pushed: unset one of them',
    };
  }
  if (cluster === 'kind' || image !== '' || imageRepository !== '') return undefined;
  const example = 'a repository to push to, or set image to one that the cluster can pull';
  return needs('cluster', `cluster: ${cluster}, into which no image can be loaded,`, 'imageRepository', example);
}

function checkEdge({ cluster, ingressService, proxyProtocol }: Values): Complaint | undefined {
  if (!proxyProtocol || (cluster !== 'kind' && ingressService !== 'NodePort')) return undefined;
  return {
    keys: ['proxyProtocol'],
    problem: `proxyProtocol is true with ${cluster === 'kind' ? 'cluster: kind' : 'ingressService: NodePort'}`,
    remedy: 'nothing before the edge would speak it, and no client get in: set it to false',
  };
}

/** The plain edge cannot start without the certificate that the challenge has to fetch through it. */
function checkChallenge({ certificates, acmeChallenge, ingress }: Values): Complaint | undefined {
  if (certificates !== 'acme' || acmeChallenge !== 'http-01' || ingress !== 'haproxy') return undefined;
  return {
    keys: ['acmeChallenge', 'ingress'],
    problem: 'acmeChallenge is http-01 and ingress is haproxy, whose edge starts only with a certificate',
    remedy: 'set acmeChallenge to dns-01, or ingress to controller',
  };
}

function checkCertificates(values: Values): Complaint | undefined {
  const { certificates, certificatesDir, acmeEmail, acmeChallenge, acmeDnsZone, host } = values;
  const wants = (key: Key, example: string) => needs('certificates', `certificates: ${certificates}`, key, example);
  if (certificates === 'files' && certificatesDir === '') {
    return wants('certificatesDir', 'the directory of a chain that certs/ wrote');
  }
  if (certificates !== 'acme') return undefined;
  if (LOOPBACK.test(host) || isIP(host) !== 0 || !host.includes('.')) {
    return {
      keys: ['host', 'certificates'],
      problem: `certificates is acme and host ${host}`,
      remedy: 'no authority certifies that: set host to the public name people connect to',
    };
  }
  if (acmeEmail === '') return wants('acmeEmail', 'the address of the account');
  if (acmeChallenge === 'dns-01' && acmeDnsZone === '') {
    return needs('acmeChallenge', 'acmeChallenge: dns-01', 'acmeDnsZone', 'the Route 53 zone of the host');
  }
  return undefined;
}

const checkRedis: Check = ({ redis }, given) => {
  if (redis === 'none') {
    return {
      keys: ['redis'],
      problem: 'redis is none, and the replicas need one',
      remedy: 'set it to single, sentinel or external',
    };
  }
  const address = given.has('redisUrl');
  if (redis === 'external' && !address) {
    return needs('redis', 'redis: external', 'redisUrl', 'rediss://user:password@host:6379');
  }
  if (redis === 'external' || !address) return undefined;
  return {
    keys: ['redisUrl'],
    problem: `redisUrl is set and redis is ${redis}`,
    remedy: 'set redis to external, or unset redisUrl',
  };
};

function checkScaling({ autoscaling, replicas, maxReplicas }: Values): Complaint | undefined {
  if (autoscaling === 'none' || maxReplicas >= replicas) return undefined;
  return {
    keys: ['maxReplicas', 'replicas'],
    problem: `maxReplicas is ${maxReplicas} and replicas ${replicas}`,
    remedy: 'maxReplicas must be as many or more',
  };
}

function checkJwksUrl({ jwtJwksUrl }: Values): Complaint | undefined {
  if (jwtJwksUrl === '' || jwtJwksUrl.startsWith('https:')) return undefined;
  return {
    keys: ['jwtJwksUrl'],
    problem: `jwtJwksUrl is ${jwtJwksUrl}, which a pod would look for in itself`,
    remedy: 'set it to an https URL',
  };
}

/** What a Kubernetes cluster checks in addition. */
export const CLUSTER_CHECKS: readonly Check[] = [
  checkJwksUrl,
  checkNoUserServer,
  checkNoBreaking,
  checkLocalCertificates,
  checkPlace,
  checkImage,
  checkEdge,
  checkCertificates,
  checkChallenge,
  checkRedis,
  checkScaling,
];
