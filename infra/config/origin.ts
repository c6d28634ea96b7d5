import type { Config } from './config.ts';

type Address = Pick<Config, 'host' | 'port'>;

const STANDARD_PORTS = { http: 80, https: 443 };
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

const named = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** scheme://host, with the port unless it is the scheme's own. */
export function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${named(host)}${port === STANDARD_PORTS[scheme] ? '' : `:${port}`}`;
}

/** Where people go: `https://localhost:8443`. */
export const publicUrl = ({ host, port }: Address): string => urlOf('https', host, port);

/** The origins a page may come from: the public one, and on this machine every name it has for itself. */
export function publicOrigins({ host, port }: Address): string[] {
  const names = THIS_MACHINE.includes(named(host)) ? THIS_MACHINE : [host];
  return names.map((name) => urlOf('https', name.replace(/[[\]]/g, ''), port));
}

/** The same where the edge listens on this machine: the public origin first, then every name of this machine. */
export function localOrigins({ host, port }: Address): string[] {
  const names = [...new Set([named(host), ...THIS_MACHINE])];
  return names.map((name) => urlOf('https', name.replace(/[[\]]/g, ''), port));
}
