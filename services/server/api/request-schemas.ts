import * as v from 'valibot';
import { ChannelName, Epoch, fieldProblem, GameCode, PlayerId, PlayerName, RequestId } from '../../protocol/index.ts';
import { Refusal } from '../authority/game-authority.ts';
import { Problem } from './problem.ts';

const wholeNumber = (max: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, 'is not a whole number'),
    v.transform(Number),
    v.maxValue(max, `is more than ${max}`),
  );
const limit = (max: number, standard: number) =>
  v.optional(v.pipe(wholeNumber(max), v.minValue(1, 'is less than 1')), String(standard));

/** A part of the path. */
export const RoomPath = v.strictObject({ room: GameCode });
export const ChannelPath = v.strictObject({ channel: ChannelName });
export const PlayerPath = v.strictObject({ player: PlayerId });

export const ListQuery = v.strictObject({
  cursor: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{1,512}$/, 'is not a cursor'))),
  limit: limit(500, 100),
});
/** The query of an operator, who can also search. */
export const OperatorListQuery = v.strictObject({
  ...ListQuery.entries,
  search: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(100, 'is longer than 100 characters')), ''),
});
export const EventsQuery = v.strictObject({
  epoch: v.optional(Epoch),
  after: v.optional(wholeNumber(Number.MAX_SAFE_INTEGER), '0'),
  limit: limit(500, 100),
});
export const DisconnectQuery = v.strictObject({
  revoke: v.optional(v.picklist(['true', 'false'], 'is neither true nor false'), 'false'),
});

export const CreateBody = v.strictObject({
  player: v.strictObject({ id: PlayerId, name: PlayerName }),
  settings: v.optional(
    v.pipe(
      v.unknown(),
      v.check((value) => !Array.isArray(value), 'is not an object'),
      v.looseObject({}),
    ),
    {},
  ),
});
export const CommandBody = v.strictObject({
  /** The id of a member. */
  player: PlayerId,
  command: v.looseObject({ kind: v.string() }),
});

export const PublishBody = v.strictObject({
  /** The player for whom the backend acts. */
  player: v.strictObject({ id: PlayerId, name: PlayerName }),
  data: v.pipe(
    v.unknown(),
    v.check((data) => data !== undefined, 'is missing'),
  ),
});

/**
 * Parses input by a schema. `what` names the input in the sentence of a refusal.
 * @throws Refusal `bad_message`
 */
export function parsed<S extends v.GenericSchema>(schema: S, given: unknown, what: string): v.InferOutput<S> {
  const result = v.safeParse(schema, given);
  if (result.success) return result.output;
  throw new Refusal('bad_message', fieldProblem(result.issues[0], what));
}

/**
 * Parses a body of JSON.
 * @throws Refusal `bad_message`, or Problem `not_json` if the body is not JSON
 */
export function parsedBody<S extends v.GenericSchema>(schema: S, request: JsonRequest): v.InferOutput<S> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? ''))
    throw new Problem('not_json', 'Send the request as application/json.');
  return parsed(schema, request.body, 'the request');
}

interface JsonRequest {
  readonly headers: { readonly 'content-type'?: string | undefined };
  readonly body: unknown;
}

/**
 * The header that identifies a repeat of a request.
 * @throws Refusal `bad_message`
 */
export function idempotencyKey(headers: Readonly<Record<string, unknown>>): string {
  const { success, output } = v.safeParse(RequestId, headers['idempotency-key']);
  if (success) return output;
  throw new Refusal(
    'bad_message',
    'The header Idempotency-Key is missing, or is not 1 to 64 characters of A-Z a-z 0-9 _ -.',
  );
}
