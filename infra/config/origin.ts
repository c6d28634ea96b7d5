import type { Config } from './config.ts';

type Address = Pick<Config, 'host' | 'port'>;

const THIS_MACHINE = ['localhost', '127.0.0.1', '[::1]'];

const named = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Where people go: `https://localhost:8443`. */
export function publicUrl({ host, port }: Address): string {
  return `https://${named(host)}${port === 443 ? '' : `:${port}`}`;
}

/** The origins a page may come from: the public one, and on this machine every name it has for itself. */
export function publicOrigins(address: Address): string[] {
  const local = THIS_MACHINE.includes(named(address.host));
  const names = local ? THIS_MACHINE : [address.host];
  return names.map((host) => publicUrl({ host: host.replace(/[[\]]/g, ''), port: address.port }));
}
