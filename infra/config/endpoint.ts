import { isIP, isIPv6 } from 'node:net';

const HOST_NAME = /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?)*$/;
const LOOKS_LIKE_ADDRESS = /^[\d.]+$/;

/** Where a server listens. */
export interface Endpoint {
  /** A name or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, or `[::1]:port`; undefined for anything else. */
export function parseEndpoint(text: string): Endpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) return undefined;
  if (bracketed !== undefined)
    return isIPv6(bracketed) && !bracketed.includes('%') ? { host: bracketed, port } : undefined;
  const isHost = isIP(plain!) === 4 || (HOST_NAME.test(plain!) && !LOOKS_LIKE_ADDRESS.test(plain!));
  return isHost ? { host: plain!, port } : undefined;
}

/** `127.0.0.1:3000`, `[::1]:3000` */
export const endpointText = ({ host, port }: Endpoint): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
