import type { Values } from './keys.ts';

/** What keeps a client at one server. */
export type Stickiness =
  | { readonly by: 'cookie' | 'source' | 'none' }
  | { readonly by: 'header' | 'query'; readonly name: string };

/** A server of the user's behind the edge, as far as the edge has to know it. */
export interface UserServer {
  readonly stickiness: Stickiness;
  /** Only these paths, and what is below them, reach it; none for every path. */
  readonly socketPaths: readonly string[];
  /** Empty: it is up when its port takes a connection. */
  readonly healthPath: string;
}

/** The keys that make a server of the user's. */
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
