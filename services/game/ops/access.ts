import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';

/**
 * Why a request to the operations page is refused; undefined when it is not. The internal port asks nobody who they
 * are, so a page of another origin in the browser of who may reach it must not get through: not by its own name, and
 * not by a name that it lets lead here.
 */
export function accessProblem({ headers }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const { host = '', origin } = headers;
  const name = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, '') : '';
  if (isIP(name) === 0 && name !== 'localhost' && !name.endsWith('.localhost')) {
    return 'Come by an IP address or as localhost: other names are not served here.';
  }
  if (origin !== undefined && origin !== `http://${host}`) return 'Another page may not ask here.';
  return undefined;
}
