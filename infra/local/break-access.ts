import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { BREAK_FROM_HEADER, BREAK_HEADER } from '../../services/protocol/break-it.ts';
import type { ApiKeys } from '../../services/server/api/api-keys.ts';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly code: string;
  readonly message: string;
}

export interface AccessOptions {
  /** The origins of the cluster's own page. */
  readonly origins: readonly string[];
  /**
   * Keys of operators only: a backend that may make rooms must not break anything. Undefined where nobody has a key.
   */
  readonly keys: Pick<ApiKeys, 'nameOf'> | undefined;
}

type Request = Pick<IncomingMessage, 'headers' | 'method'>;

const refusal = (status: Refusal['status'], code: string, message: string): Refusal => ({ status, code, message });

/**
 * Decides which clients may break a part of the cluster: its own page on this machine, or a page whose user has the
 * key.
 */
export class BreakAccess {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** The reason why a request is refused; undefined when it is allowed. */
  problem(request: Request): Refusal | undefined {
    const { headers } = request;
    const { origins } = this.#options;
    // The name of a page elsewhere can resolve to this address.
    const own = `https://${headers.host}`;
    if (!origins.includes(own)) return refusal(421, 'misdirected', `Come by ${origins.join(' or ')}.`);
    if (this.#whoIs(request) === undefined) return this.#unknown(headers.authorization);
    if (request.method === 'GET') return undefined;
    if (headers.origin !== own) return refusal(403, 'origin_not_allowed', 'Only the own page of this cluster may ask.');
    if (headers[BREAK_HEADER] === undefined)
      return refusal(403, 'header_missing', `Send the header ${BREAK_HEADER}, as the page does.`);
    return undefined;
  }

  /** The name of the client, for the report. */
  who(request: Request): string {
    return this.#whoIs(request) ?? 'nobody';
  }

  #whoIs({ headers }: Request): string | undefined {
    if (headers[BREAK_FROM_HEADER] === 'loopback' && isLoopbackAddress(headers['x-forwarded-for']))
      return 'a page on this machine';
    const [, key] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    const name = key === undefined ? undefined : this.#options.keys?.nameOf(key);
    return name === undefined ? undefined : `a page with the key of ${name}`;
  }

  #unknown(shown: string | undefined): Refusal {
    const { keys } = this.#options;
    if (shown !== undefined && keys !== undefined)
      return refusal(401, 'unauthorized', 'This is not the key of an operator.');
    return refusal(
      403,
      'not_allowed',
      `Come from this machine${keys === undefined ? '' : " or send the operator's key"}.`,
    );
  }
}

/** `address` is as the edge wrote it: a single address, not a list. */
function isLoopbackAddress(address: string | string[] | undefined): boolean {
  if (typeof address !== 'string') return false;
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
