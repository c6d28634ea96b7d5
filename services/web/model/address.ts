/** Whether a host name always leads to the machine on which it is used. */
export const isThisMachine = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  /^127(\.\d{1,3}){3}$/.test(hostname);

/** How to invite others: the origin to send them to, and whether they reach it from another machine. */
export interface Invite {
  readonly origin: string;
  readonly isReachable: boolean;
}

/**
 * The origin for links that others open. If the page was opened by a name that others can use, its links have that
 * name. If it was opened by a name of this machine, the links have the public name, once the server has sent it.
 */
export function inviteOf(own: string, told: string | undefined): Invite {
  const origin = told !== undefined && isThisMachine(new URL(own).hostname) ? told : own;
  return { origin, isReachable: !isThisMachine(new URL(origin).hostname) };
}

/** The public origin in the answer of the server; undefined in anything else. */
export function readPublicOrigin(answer: unknown): string | undefined {
  const { origin } = (answer ?? {}) as { origin?: unknown };
  if (typeof origin !== 'string' || !URL.canParse(origin)) return undefined;
  return /^https?:$/.test(new URL(origin).protocol) ? new URL(origin).origin : undefined;
}
