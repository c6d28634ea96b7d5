import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Why a request to the operations page is refused; undefined when it is not. The internal port has no authentication.
 * So a page of another origin must not get through in the browser of somebody who can reach the port, neither under its
 * own name nor under a name that it resolves to this address.
 */
export function accessProblem({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host = '', origin } = headers;
  const name = nameOf(host);
  if (isIP(name) === 0 && !isLocalName(name)) {
    return 'Open this page by an IP address or as localhost: other names are not served here.';
  }
  if (origin !== undefined && origin !== `http://${host}`) return 'Requests of other pages are refused here.';
  return undefined;
}

/** Names that nobody can register and point here: those within a machine, a network or a cluster. */
const INNER_NAME = /^[^.]+$|\.(localhost|local|internal|svc)$/;

/**
 * Why a request for health or metrics is refused; undefined when it is not. A browser must not read them for a page whose
 * public name was made to lead here. Probes and Prometheus come by address, by a name of the network, or without a name.
 */
export function hostProblem({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host } = headers;
  if (host === undefined) return undefined;
  const name = nameOf(host);
  if (isIP(name) !== 0 || INNER_NAME.test(name)) return undefined;
  return 'Ask by an IP address, as localhost or by a name of this network: public names are not served here.';
}

/** Whether the request names the machine itself. */
export function isLoopback({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const name = nameOf(headers.host ?? '');
  return isLocalName(name) || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
}

const isLocalName = (name: string): boolean => name === 'localhost' || name.endsWith('.localhost');

const nameOf = (host: string): string =>
  URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '') : '';
