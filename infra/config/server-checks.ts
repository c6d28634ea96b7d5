// Checks that the keys of the user's own server agree.
import type { Check, Complaint } from './complaint.ts';
import type { Values } from './keys.ts';
import { PLAYER_KEYS } from './player-keys.ts';

const OF_PLAYERS = Object.keys(PLAYER_KEYS) as (keyof typeof PLAYER_KEYS)[];

/** Whether the user's own server is started on this machine, or already runs there. */
const isLocalServer = ({ command, upstreams }: Values): boolean => command !== '' || upstreams.length > 0;

/** The user's own server decides which clients may connect: a JWT that it does not read would protect nothing. */
export const checkPlayers: Check = (values, given) => {
  const stray = OF_PLAYERS.find((key) => given.has(key));
  if (!stray || (!isLocalServer(values) && values.serverImage === '')) return undefined;
  return {
    keys: [stray],
    problem: `${stray} is for the replicas of Gridlock, and command, upstreams or serverImage is set`,
    remedy: 'unset it: your own server decides who may connect',
  };
};

const ENVIRONMENTS = ['serverEnvironment', 'serverSecretEnvironment'] as const;
const ONLY_WITH_IMAGE = ['serverPort', ...ENVIRONMENTS, 'metricsPath', 'metricsPort'] as const;
const ONLY_WITH_SERVER = ['socketPaths', 'sticky', 'healthPath'] as const;
const ONLY_WITH_COMMAND = ['drainSignal', 'drainSeconds'] as const;

export const checkUserServer: Check = (values, given) => {
  const { command, upstreams, serverImage } = values;
  if (command !== '' && upstreams.length > 0) {
    return {
      keys: ['upstreams', 'command'],
      problem: 'command and upstreams are both set',
      remedy: 'a server is started, or it runs already: unset one of them',
    };
  }
  if (serverImage !== '') return undefined;
  const ofImage = ONLY_WITH_IMAGE.find((key) => given.has(key));
  if (ofImage) {
    return {
      keys: [ofImage],
      problem: `${ofImage} is set, and serverImage is not`,
      remedy: 'it is for the image of a server of your own: set serverImage too, or unset it',
    };
  }
  const isOwn = !isLocalServer(values);
  const stray = isOwn
    ? [...ONLY_WITH_SERVER, ...ONLY_WITH_COMMAND].find((key) => given.has(key))
    : command === '' && ONLY_WITH_COMMAND.find((key) => given.has(key));
  if (!stray) return undefined;
  return {
    keys: [stray],
    problem: isOwn
      ? `${stray} is set, and none of command, upstreams and serverImage`
      : `${stray} is set with upstreams, whose servers Gridlock does not end`,
    remedy: isOwn
      ? 'it is for a server of your own: set one of them too, or unset it'
      : 'unset it, or set command instead',
  };
};

export const checkBreaking: Check = (values) => {
  if (values.breakIt !== 'on' || !isLocalServer(values)) return undefined;
  return {
    keys: ['breakIt'],
    problem: 'breakIt is on, and command or upstreams is set',
    remedy: 'unset it: the buttons are on the page of the game, which is not served then',
  };
};

/** `npm start` ignores values in a file that are for containers or a Kubernetes cluster. */
export function checkLocalRedis(values: Values): Complaint | undefined {
  const { redis, serverImage } = values;
  if (serverImage !== '') return undefined;
  const isOwn = !isLocalServer(values);
  if (isOwn && redis === 'none') {
    return {
      keys: ['redis'],
      problem: "redis is none, and Gridlock's own replicas need one",
      remedy: 'none is for command, upstreams and serverImage: set one of them, or redis to single',
    };
  }
  if (isOwn || redis === 'single' || redis === 'none') return undefined;
  return {
    keys: ['redis'],
    problem: `redis is ${redis}, which npm start does not have`,
    remedy: 'set it to single for a Redis on this machine, or to none',
  };
}

/**
 * A complaint about a server that containers and Kubernetes cannot run; undefined without one, or where `serverImage`
 * replaces it.
 */
export function checkNoUserServer(values: Values): Complaint | undefined {
  if (!isLocalServer(values) || values.serverImage !== '') return undefined;
  const key = values.command === '' ? 'upstreams' : 'command';
  return {
    keys: [key],
    problem: `${key} is for npm start alone`,
    remedy: 'set serverImage to an image of your server, or unset it to run the replicas of Gridlock',
  };
}

/** A complaint about an image, which `npm start` cannot run; undefined without one, or where a command replaces it. */
export function checkNoServerImage(values: Values): Complaint | undefined {
  if (values.serverImage === '' || isLocalServer(values)) return undefined;
  return {
    keys: ['serverImage'],
    problem: 'serverImage is for containers and Kubernetes',
    remedy: 'set command too, such as "node server.js", which npm start runs in its place, or unset it',
  };
}

/** Variables that the platform itself sets for a server. */
const TOLD = ['PORT', 'APPID'];
const ONLY_OF_GRIDLOCK = ['image', 'imageRepository'] as const;

/** Finds a variable of the server that is set twice, or that Gridlock sets itself. */
function strayVariable(values: Values): Complaint | undefined {
  const told = [...TOLD, ...(values.redis === 'none' ? [] : ['REDIS_URL'])];
  for (const key of ENVIRONMENTS) {
    const name = told.find((each) => Object.hasOwn(values[key], each));
    if (name === undefined) continue;
    return {
      keys: [key],
      problem: `${key} has ${name}, which Gridlock sets itself`,
      remedy: name === 'PORT' ? 'set serverPort instead' : 'choose another name',
    };
  }
  const twice = Object.keys(values.serverEnvironment).find((name) =>
    Object.hasOwn(values.serverSecretEnvironment, name),
  );
  if (twice === undefined) return undefined;
  return {
    keys: ['serverEnvironment'],
    problem: `serverEnvironment and serverSecretEnvironment both have ${twice}`,
    remedy: 'remove it from one of them',
  };
}

/** Checks that the keys agree with the user's own image. */
export const checkImageOfServer: Check = (values, given) => {
  const { serverImage, ingress, scaleOn, metricsPath } = values;
  if (serverImage === '') return undefined;
  // The plain edge runs an agent from Gridlock's image.
  const ofGridlock = ingress === 'haproxy' ? undefined : ONLY_OF_GRIDLOCK.find((key) => given.has(key));
  if (ofGridlock) {
    return {
      keys: [ofGridlock],
      problem: `${ofGridlock} is for the replicas of Gridlock, and serverImage is set`,
      remedy: 'unset one of them',
    };
  }
  const stray = strayVariable(values);
  if (stray) return stray;
  const metrics = given.has('metricsPort') ? 'metricsPort' : scaleOn === '' ? undefined : 'scaleOn';
  if (metrics === undefined || metricsPath !== '') return undefined;
  return {
    keys: [metrics],
    problem: `${metrics} is set, and metricsPath is not`,
    remedy: 'set it to the path where your server has its metrics, such as /metrics',
  };
};
