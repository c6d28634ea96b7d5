import type { Stickiness, UserServer } from '../edge/settings.ts';
import type { Values } from './keys.ts';

/** The keys that configure the user's own server. */
export type UserServerKeys = Pick<
  Values,
  'command' | 'upstreams' | 'serverImage' | 'socketPaths' | 'sticky' | 'healthPath'
>;

function stickinessOf(sticky: string): Stickiness {
  const [by, name] = sticky.split(':') as [Stickiness['by'], string | undefined];
  return by === 'header' || by === 'query' ? { by, name: name! } : { by };
}

/** The user's own server; undefined when the replicas are Gridlock's. */
export function userServer({
  command,
  upstreams,
  serverImage,
  socketPaths,
  sticky,
  healthPath,
}: UserServerKeys): UserServer | undefined {
  if (command === '' && upstreams.length === 0 && serverImage === '') return undefined;
  return { stickiness: stickinessOf(sticky), socketPaths, healthPath };
}
