import * as v from 'valibot';
import { type AnyCommand, type AnyRoomType, fieldProblem } from '../../protocol/index.ts';
import { Refusal } from './game-authority.ts';

/**
 * The settings of a room, parsed by its room type. `what` names the request in the sentence of a refusal.
 * @throws Refusal `bad_message`
 */
export function roomSettings(type: AnyRoomType, settings: unknown, what: string): unknown {
  const parsed = v.safeParse(type.settings, settings);
  if (parsed.success) return parsed.output;
  throw new Refusal('bad_message', fieldProblem(parsed.issues[0], what));
}

/**
 * A command, parsed by the room type.
 * @throws Refusal `unknown_type`, or `bad_message`
 */
export function roomCommand(type: AnyRoomType, command: { readonly kind: string }): AnyCommand {
  const parsed = v.safeParse(type.command, command, { abortPipeEarly: true });
  if (parsed.success) return parsed.output as AnyCommand;
  const [issue] = parsed.issues;
  if (v.getDotPath(issue) === 'kind') throw new Refusal('unknown_type', `There is no command "${command.kind}".`);
  throw new Refusal('bad_message', fieldProblem(issue, `"${command.kind}"`));
}
