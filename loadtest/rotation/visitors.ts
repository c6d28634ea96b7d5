import { createClient } from '../../services/client/node.ts';
import type { RolloverStep } from './step.ts';

/** A visitor, named by the roots it trusts. */
export const VISITORS = ['g1', 'g1 and g2', 'g2'] as const;
export type Visitor = (typeof VISITORS)[number];

/**
 * The clients that are welcomed after each step: the edge's certificate leads to the previous root until the next one
 * issues.
 */
export const EXPECTED: Readonly<Record<RolloverStep, Readonly<Record<Visitor, boolean>>>> = {
  accept: { g1: true, 'g1 and g2': true, g2: false },
  issue: { g1: false, 'g1 and g2': true, g2: true },
  retire: { g1: false, 'g1 and g2': true, g2: true },
};

export interface Visit {
  after: RolloverStep;
  visitor: Visitor;
  expected: boolean;
  /** Whether it was welcomed by a replica. */
  welcomed: boolean;
  /** The reason of the refusal. */
  reason?: string;
}

const PATIENCE_MS = 60_000;
const OF_TRUST = /certificate/;

/**
 * Connects like a player's program that trusts only these roots: a session and a socket. Resolves with undefined when
 * welcomed, otherwise with the reason why the certificate was refused. @throws for any other outcome
 */
export async function visit(url: string, roots: string): Promise<string | undefined> {
  const client = createClient({ url, ca: roots, name: 'Visitor', connectTimeoutMs: PATIENCE_MS });
  let over: NodeJS.Timeout | undefined;
  let other = '';
  try {
    return await new Promise<string | undefined>((resolve, reject) => {
      over = setTimeout(
        () => reject(new Error(`A visitor got no answer: ${other || 'no reason was given'}`)),
        PATIENCE_MS,
      );
      client.on('error', ({ message }) => {
        if (OF_TRUST.test(message)) resolve(message);
        // The client reconnects by itself.
        else other = message;
      });
      client.connect().then(() => resolve(undefined), reject);
    });
  } finally {
    clearTimeout(over);
    client.close();
  }
}

/** Connects the three visitors after a step. */
export async function visits(url: string, after: RolloverStep, [g1, g2]: readonly [string, string]): Promise<Visit[]> {
  const trusted: Record<Visitor, string> = { g1, 'g1 and g2': `${g1}${g2}`, g2 };
  const seen: Visit[] = [];
  for (const visitor of VISITORS) {
    const reason = await visit(url, trusted[visitor]);
    const expected = EXPECTED[after][visitor];
    seen.push({
      after,
      visitor,
      expected,
      welcomed: reason === undefined,
      ...(reason === undefined ? {} : { reason }),
    });
  }
  return seen;
}
