import { statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type AnyRoomType,
  CHANNEL_HISTORY,
  CLIENT_MESSAGE_TYPES,
  isRuleName,
  LONGEST_RETENTION,
  RETENTION,
} from '../protocol/index.ts';
import { counter } from './counter/counter.ts';
import { grid } from './grid/grid.ts';
import { whiteboard } from './whiteboard/whiteboard.ts';

/** The applications that come with the platform, by name. */
const APPS: Readonly<Record<string, AnyRoomType>> = { grid, counter, whiteboard };
export const APP_NAMES: readonly string[] = Object.keys(APPS);
const NAMES = new Intl.ListFormat('en-GB', { type: 'disjunction' });

/** Files of an application's folder that may have its room type as the default export. */
const ENTRIES = ['app.ts', 'app.mts', 'app.js', 'app.mjs'];
/** What the kernel itself asks of a room. */
const KERNEL_COMMANDS = ['create', 'join', 'leave', 'deadline'];
const FUNCTIONS = ['decide', 'evolve', 'members', 'deadline', 'isOver', 'isOpen', 'isPublic'] as const;
/** Access to a channel, other than by a function. */
const ACCESS = ['everyone', 'members', 'watchers', 'nobody'];
const SCHEMAS = ['settings', 'command', 'event', 'state'] as const;

/** A fault of an application, as a sentence for the person who starts it. */
export class AppError extends Error {
  override readonly name = 'AppError';
}

/**
 * The file of an application that is named by its folder, or by the file itself.
 * @throws AppError when there is none
 */
export function appFile(place: string): string {
  const found = statSync(place, { throwIfNoEntry: false });
  if (found?.isFile()) return place;
  if (!found) throw new AppError(`There is no application at ${place}; name ${NAMES.format(APP_NAMES)}, or a folder.`);
  const file = ENTRIES.map((entry) => path.join(place, entry)).find((one) => statSync(one, { throwIfNoEntry: false }));
  if (file) return file;
  throw new AppError(
    `The application ${place} has no ${ENTRIES[0]} or ${ENTRIES[2]}; write a file that exports its room type.`,
  );
}

/**
 * The room type of an application: a built-in one, by its name, or the default export of a file.
 * @throws AppError when it is not a room type
 */
export async function loadApp(app: string): Promise<AnyRoomType> {
  const own = APPS[app];
  if (own) return own;
  const file = appFile(path.resolve(app));
  let exported: unknown;
  try {
    ({ default: exported } = (await import(pathToFileURL(file).href)) as { default?: unknown });
  } catch (error) {
    throw new AppError(`The application ${file} cannot be loaded: ${(error as Error).message}`);
  }
  const problem = problemOf(exported);
  if (problem !== undefined) throw new AppError(`The application ${file} ${problem}.`);
  return exported as AnyRoomType;
}

/** The fault of a room type, as the rest of a sentence about it. */
function problemOf(exported: unknown): string | undefined {
  if (exported === undefined) return 'has no default export; export its room type as default';
  if (typeof exported !== 'object' || exported === null) return 'exports something other than a room type as default';
  const type = exported as Record<string, unknown>;
  if (typeof type['name'] !== 'string' || !/^[a-z0-9-]{1,32}$/.test(type['name'])) {
    return 'has a room type whose name is not 1 to 32 of a-z, 0-9 and -';
  }
  const room = `has a room type "${type['name']}"`;
  const schema = SCHEMAS.find((name) => !isSchema(type[name]));
  if (schema !== undefined) return `${room} whose "${schema}" is not a schema of valibot`;
  const missing = FUNCTIONS.find((name) => typeof type[name] !== 'function');
  if (missing !== undefined) return `${room} without the function "${missing}"`;
  const wrong = ['close', 'results'].find((name) => type[name] !== undefined && typeof type[name] !== 'function');
  if (wrong !== undefined) {
    return `${room} whose "${wrong}" is not a function`;
  }
  const { key, seats } = (type['matching'] ?? {}) as Record<string, unknown>;
  if (typeof key !== 'function' || typeof seats !== 'function') {
    return `${room} whose "matching" lacks the functions "key" and "seats"`;
  }
  if (typeof type['refusals'] !== 'object' || type['refusals'] === null) return `${room} without "refusals"; write {}`;
  const retention = retentionProblem(type['retention'] ?? {});
  if (retention !== undefined) return `${room} whose ${retention}`;
  const channels = channelsProblem(type['channels'] ?? []);
  if (channels !== undefined) return `${room} whose ${channels}`;
  const taken = commandKinds(type['command']).find(
    (kind) => CLIENT_MESSAGE_TYPES.has(kind) || KERNEL_COMMANDS.includes(kind),
  );
  return taken === undefined
    ? undefined
    : `${room} with a command "${taken}", which is the platform's; give it another name`;
}

/** The fault of the times for which rooms are kept, as the rest of a sentence about them. */
function retentionProblem(retention: unknown): string | undefined {
  for (const [what, value] of Object.entries(retention as object)) {
    if (!Object.hasOwn(RETENTION, what))
      return `"retention" has a field "${what}"; there are ${Object.keys(RETENTION).join(', ')}`;
    if (!isWhole(value, LONGEST_RETENTION)) {
      return `"retention.${what}" is not a whole number of seconds from 1 to ${LONGEST_RETENTION}`;
    }
  }
  return undefined;
}

/** The fault of the rules of channels, as the rest of a sentence about them. */
function channelsProblem(channels: unknown): string | undefined {
  if (!Array.isArray(channels)) return '"channels" are not a list of rules';
  for (const [index, value] of channels.entries()) {
    const rule = (value ?? {}) as Record<string, unknown>;
    if (!isRuleName(rule['name'])) {
      return `"channels" have a rule ${index + 1} whose name is not made of parts with colons between them, such as lobby or board:{room}`;
    }
    const problem = ruleProblem(rule);
    if (problem !== undefined) return `channel "${rule['name']}" ${problem}`;
  }
  return undefined;
}

function ruleProblem(rule: Record<string, unknown>): string | undefined {
  if (!isSchema(rule['data'])) return 'has "data" that is not a schema of valibot';
  for (const what of ['subscribe', 'publish']) {
    const access = rule[what];
    if ((access === 'members' || access === 'watchers') && !(rule['name'] as string).includes('{room}')) {
      return `lets ${access} ${what} and has no {room} in its name`;
    }
    if (!ACCESS.includes(access as string) && typeof access !== 'function') {
      return `has "${what}" that is not ${ACCESS.join(', ')} or a function`;
    }
  }
  const { history } = rule;
  if (history !== 'none' && (typeof history !== 'object' || history === null)) {
    return `has "history" that is neither 'none' nor { messages, seconds }`;
  }
  const { messages, seconds } = history as Record<string, unknown>;
  for (const [what, value] of history === 'none' ? [] : Object.entries({ messages, seconds })) {
    const most = CHANNEL_HISTORY[what as keyof typeof CHANNEL_HISTORY];
    if (!isWhole(value, most)) {
      return `has "history.${what}" that is not a whole number from 1 to ${most}`;
    }
  }
  if (typeof rule['presence'] !== 'boolean') return 'has "presence" that is not true or false';
  const { line } = rule;
  return line === undefined || typeof line === 'function' ? undefined : 'has "line" that is not a function';
}

const isWhole = (value: unknown, most: number): boolean =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;

const isSchema = (value: unknown): boolean => (value as { kind?: unknown } | undefined)?.kind === 'schema';

interface KindSchema {
  readonly options?: readonly KindSchema[];
  readonly entries?: { readonly kind?: { readonly literal?: unknown } };
}

/** The kinds of the commands that a schema allows, as far as it names them. */
function commandKinds(schema: unknown): string[] {
  const { options = [], entries } = schema as KindSchema;
  const kind = entries?.kind?.literal;
  return [...options.flatMap(commandKinds), ...(typeof kind === 'string' ? [kind] : [])];
}
