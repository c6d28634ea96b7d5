import type { Config } from './config.ts';

type Address = Pick<Config, 'host' | 'port'>;
type Origins = Address & Partial<Pick<Config, 'allowedOrigins'>>;

const STANDARD_PORTS = { http: 80, https: 443 };
const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

const named = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** scheme://host, with the port unless it is the scheme's own. */
export function urlOf(scheme: 'http' | 'https', host: string, port: number): string {
  return `${scheme}://${named(host)}${port === STANDARD_PORTS[scheme] ? '' : `:${port}`}`;
}

/** The public address: `https://localhost:8443`. */
export const publicUrl = ({ host, port }: Address): string => urlOf('https', host, port);

const originsOf = (names: readonly string[], { port, allowedOrigins = [] }: Origins): string[] => [
  ...new Set([...names.map((name) => urlOf('https', name.replace(/[[\]]/g, ''), port)), ...allowedOrigins]),
];

/**
 * The allowed origins of a page: the public one, every name of this machine for itself where the edge runs on it, and
 * those in the configuration.
 */
export const publicOrigins = (config: Origins): string[] =>
  originsOf(THIS_MACHINE.includes(named(config.host)) ? THIS_MACHINE : [config.host], config);

/** The same where the edge listens on this machine: the public origin first, then every name of this machine. */
export const localOrigins = (config: Origins): string[] => originsOf([named(config.host), ...THIS_MACHINE], config);
