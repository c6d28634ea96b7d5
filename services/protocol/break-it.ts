// The messages between a page and the supervisor of `npm start` about parts that are broken on purpose.
import * as v from 'valibot';
import { Seq, Timestamp } from './types.ts';

/** The edge passes a request below this path to the supervisor if its sender may break parts. */
export const BREAK_PATH = '/break/';
/** The supervisor always answers here, and says whether anything may be broken. */
export const BREAK_STATUS = `${BREAK_PATH}status.json`;
/** A page of another origin cannot send this type without a preflight request, which is refused. */
export const BREAK_HEADER = 'gridlock-break';
/** The header in which the edge says where a request comes from. The edge removes it from requests of clients. */
export const BREAK_FROM_HEADER = 'gridlock-break-from';

export const BREAK_PARTS = ['replica', 'redis', 'edge', 'certificate'] as const;
const BreakPart = v.picklist(BREAK_PARTS);
export type BreakPart = v.InferOutput<typeof BreakPart>;

/** A part that was broken on purpose, and how it recovered. */
export const Strike = v.object({
  id: Seq,
  part: BreakPart,
  /** The broken replica. */
  appId: v.optional(v.string()),
  /** The time of the fault, by the clock of the supervisor. */
  at: Timestamp,
  state: v.picklist(['under way', 'over', 'failed']),
  /** Milliseconds until the part worked again; for a certificate, until a new handshake showed the new one. */
  backAfterMs: v.optional(v.number()),
  /** Serial numbers of the leaf. */
  serials: v.optional(v.object({ before: v.string(), after: v.string() })),
  problem: v.optional(v.string()),
});
export type Strike = v.InferOutput<typeof Strike>;

/** The answer at `BREAK_STATUS`. */
export const BreakStatus = v.object({
  available: v.boolean(),
  /** An operator may break parts with a key. */
  needsKey: v.optional(v.boolean()),
  parts: v.optional(v.array(BreakPart), []),
  /** The latest, oldest first. */
  strikes: v.optional(v.array(Strike), []),
});
export type BreakStatus = v.InferOutput<typeof BreakStatus>;

/** The body of a request to break a part. */
export const BreakRequest = v.strictObject({ appId: v.optional(v.string()) });
