import path from 'node:path';

/** Where a container has the directory it is given. */
export const MOUNT = '/etc/gridlock';

/**
 * Every file the containers are given; absolute. Each container mounts one directory with what it needs and nothing
 * else: the keys of the authorities, in `pki`, are in none.
 */
export function composePaths(stateDir: string) {
  const root = path.resolve(stateDir, 'compose');
  const [edge, replica, redis] = ['edge', 'replica', 'redis'].map((name) => path.join(root, name)) as [
    string,
    string,
    string,
  ];
  return Object.freeze({
    root,
    pki: path.join(root, 'pki'),
    redisLeaf: path.join(root, 'pki', 'redis.pem'),
    /** What is kept from one preparation to the next, by its owner only. */
    secrets: path.join(root, 'secrets'),
    edge,
    replica,
    redis,
  });
}

export type ComposePaths = ReturnType<typeof composePaths>;
