// What a page and the supervisor of `npm start` say to each other about the parts that are broken on purpose.
import * as v from 'valibot';
import { Seq, Timestamp } from './types.ts';

/** Everything below it leads to the supervisor, where the edge lets it. */
export const BREAK_PATH = '/break/';
/** Always answered, also where nothing may be broken: then it says so. */
export const BREAK_STATUS = `${BREAK_PATH}status.json`;
/** A page of another origin cannot send it without asking first, which is refused. */
export const BREAK_HEADER = 'gridlock-break';
/** What the edge says about where a request comes from; it takes it away from what clients send. */
export const BREAK_FROM_HEADER = 'gridlock-break-from';

export const BREAK_PARTS = ['replica', 'redis', 'edge', 'certificate'] as const;
const BreakPart = v.picklist(BREAK_PARTS);
export type BreakPart = v.InferOutput<typeof BreakPart>;

/** One part that was broken on purpose, and what came of it. */
export const Strike = v.object({
  id: Seq,
  part: BreakPart,
  /** Of a replica. */
  appId: v.optional(v.string()),
  /** When it was struck, by the clock of the supervisor. */
  at: Timestamp,
  state: v.picklist(['under way', 'over', 'failed']),
  /** Until the part did its work again; for a certificate until a fresh handshake showed the new one. */
  backAfterMs: v.optional(v.number()),
  /** Serial numbers of the leaf. */
  serials: v.optional(v.object({ before: v.string(), after: v.string() })),
  problem: v.optional(v.string()),
});
export type Strike = v.InferOutput<typeof Strike>;

/** The answer at `BREAK_STATUS`. */
export const BreakStatus = v.object({
  available: v.boolean(),
  /** It would be with the operator's key. */
  needsKey: v.optional(v.boolean()),
  parts: v.optional(v.array(BreakPart), []),
  /** The latest, oldest first. */
  strikes: v.optional(v.array(Strike), []),
});
export type BreakStatus = v.InferOutput<typeof BreakStatus>;

/** The body of a request to break a part. */
export const BreakRequest = v.strictObject({ appId: v.optional(v.string()) });
