// Checks that two keys agree.
import { isIP } from 'node:net';
import { type Check, type Complaint, needs } from './complaint.ts';
import { checkDnsChallenge } from './dns-checks.ts';
import { edgeServiceType } from './edge-settings.ts';
import type { Key, Values } from './keys.ts';
import {
  checkBreaking,
  checkImageOfServer,
  checkLocalRedis,
  checkNoUserServer,
  checkPlayers,
  checkUserServer,
} from './server-checks.ts';

const LOOPBACK = /^(localhost|.*\.localhost|127\..*|::1)$/;

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

/** The checks of `npm start`. */
export const LOCAL_CHECKS: readonly Check[] = [
  checkPlayers,
  checkJwt,
  checkUserServer,
  checkImageOfServer,
  checkBreaking,
  checkLocalRedis,
  ({ port, httpPort }) =>
    port === httpPort
      ? {
          keys: ['httpPort', 'port'],
          problem: `port and httpPort are both ${port}`,
          remedy: 'set them to different ports',
        }
      : undefined,
];

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

/** In containers and on Kubernetes, no supervisor restarts a part that was killed on purpose. */
export function checkNoBreaking({ breakIt }: Pick<Values, 'breakIt'>): Complaint | undefined {
  if (breakIt !== 'on') return undefined;
  return { keys: ['breakIt'], problem: 'breakIt is for npm start alone', remedy: 'unset it' };
}

function checkPlace({ cluster, kubeconfig, context }: Values): Complaint | undefined {
  if (cluster === 'kind' || cluster === 'eks' || kubeconfig !== '' || context !== '') return undefined;
  const example = 'a context of your kubeconfig, or set kubeconfig to the path of one';
  return needs('cluster', `cluster: ${cluster}`, 'context', example);
}

function checkImage({ cluster, image, imageRepository, serverImage, ingress }: Values): Complaint | undefined {
  if (image !== '' && imageRepository !== '') {
    return {
      keys: ['image', 'imageRepository'],
      problem: 'image and imageRepository are both set',
      remedy: 'an image that is named is neither built nor pushed: unset one of them',
    };
  }
  if (cluster === 'kind' || (serverImage !== '' && ingress !== 'haproxy') || image !== '' || imageRepository !== '')
    return undefined;
  const example = 'a repository to push to, or set image to an image that the cluster can pull';
  return needs('cluster', `cluster: ${cluster}, into which no image can be loaded,`, 'imageRepository', example);
}

/**
 * Load balancers that pass packets on unchanged: they keep the client's address, and do not speak the PROXY protocol.
 */
const PASSTHROUGH: readonly string[] = ['gke', 'aks'];

function checkBalancer({ cluster, ingressService, proxyProtocol }: Values): Complaint | undefined {
  if (!proxyProtocol || !['auto', 'LoadBalancer'].includes(ingressService) || !PASSTHROUGH.includes(cluster))
    return undefined;
  return {
    keys: ['proxyProtocol'],
    problem: `proxyProtocol is true with cluster: ${cluster}, whose load balancer does not speak it`,
    remedy: 'unset it: the edge sees the addresses of clients without it there',
  };
}

/** external-dns makes a record of a public name for a load balancer. */
function checkExternalDns({ externalDns, cluster, host, ingressService }: Values): Complaint | undefined {
  if (!externalDns) return undefined;
  if (LOOPBACK.test(host) || isIP(host) !== 0) {
    return {
      keys: ['externalDns', 'host'],
      problem: `externalDns is true and host is ${host}`,
      remedy: 'set host to a name in a zone that your external-dns manages',
    };
  }
  if (cluster !== 'kind' && ['auto', 'LoadBalancer'].includes(ingressService)) return undefined;
  return {
    keys: ['externalDns'],
    problem: `externalDns is true with ${cluster === 'kind' ? 'cluster: kind' : `ingressService: ${ingressService}`}`,
    remedy: 'unset it: there is no load balancer that a name could lead to',
  };
}

function checkEdge({ cluster, ingressService, proxyProtocol }: Values): Complaint | undefined {
  if (!proxyProtocol || (cluster !== 'kind' && ingressService !== 'NodePort')) return undefined;
  return {
    keys: ['proxyProtocol'],
    problem: `proxyProtocol is true with ${cluster === 'kind' ? 'cluster: kind' : 'ingressService: NodePort'}`,
    remedy: 'nothing before the edge would speak it, and no client get in: set it to false',
  };
}

const NODE_PORTS = ['nodePort', 'httpNodePort'] as const;

const checkNodePorts: Check = (values, given) => {
  const { cluster, ingressService, nodePort, httpNodePort } = values;
  if (cluster === 'kind' && ingressService === 'ClusterIP') {
    return {
      keys: ['ingressService', 'cluster'],
      problem: 'ingressService is ClusterIP with cluster: kind, which maps port to a port of its nodes',
      remedy: 'unset it, or set cluster to existing for a second stack on a kind cluster',
    };
  }
  if (nodePort === httpNodePort) {
    return {
      keys: ['httpNodePort', 'nodePort'],
      problem: `nodePort and httpNodePort are both ${nodePort}`,
      remedy: 'set them to different ports',
    };
  }
  const stray = NODE_PORTS.find((key) => given.has(key));
  const type = edgeServiceType(values);
  if (stray === undefined || cluster === 'kind' || type === 'NodePort') return undefined;
  return {
    keys: [stray],
    problem: `${stray} is set, but the Service of the edge is of type ${type}`,
    remedy: 'set ingressService to NodePort, or unset it',
  };
};

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
  const { certificates, certificatesDir, acmeEmail, host } = values;
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
  return undefined;
}

const checkRedis: Check = ({ redis, serverImage }, given) => {
  if (redis === 'none' && serverImage === '') {
    return {
      keys: ['redis'],
      problem: 'redis is none, and the replicas of Gridlock need one',
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
    problem: `jwtJwksUrl is ${jwtJwksUrl}, which is the pod itself in a cluster`,
    remedy: 'set it to an https URL',
  };
}

function checkCollector({ tracesEndpoint }: Values): Complaint | undefined {
  const host = URL.parse(tracesEndpoint)?.hostname.replace(/^\[|\]$/g, '');
  if (host === undefined || !LOOPBACK.test(host)) return undefined;
  return {
    keys: ['tracesEndpoint'],
    problem: `tracesEndpoint is ${tracesEndpoint}, which is the pod itself in a cluster`,
    remedy: 'set it to the Service of the collector, such as http://collector.observability:4318',
  };
}

/** What a Kubernetes cluster checks in addition. */
export const CLUSTER_CHECKS: readonly Check[] = [
  checkJwksUrl,
  checkCollector,
  checkNoUserServer,
  checkNoBreaking,
  checkLocalCertificates,
  checkPlace,
  checkImage,
  checkEdge,
  checkNodePorts,
  checkBalancer,
  checkExternalDns,
  checkCertificates,
  checkChallenge,
  checkDnsChallenge,
  checkRedis,
  checkScaling,
];
