// A rotation as an edit of the stack's file, which keeps its comments.
import { type Document, isMap, isPair, isScalar, type Pair, parseDocument } from 'yaml';
import type { Pki } from '../components/certificates/pki-plan.ts';
import { ConfigError, fullName } from '../config/stack-files.ts';
import type { Step } from './pki.ts';

const KEY = 'gridlock:pki';
const MARK = ' A rotation is under way:';

const isPki = (item: unknown): item is Pair =>
  isPair(item) && isScalar(item.key) && fullName(String(item.key.value)) === KEY;

function configOf(document: Document) {
  if (!isMap(document.contents)) document.contents = document.createNode({}) as never;
  if (!isMap(document.get('config', true))) document.set('config', document.createNode({}));
  const config = document.get('config', true);
  if (!isMap(config)) throw new ConfigError('The stack has no map `config`.');
  return config;
}

/** The comments before a key; those before a map's first key belong to the map. */
function commentHolder(document: Document): { commentBefore?: string | null } | undefined {
  const config = configOf(document);
  const index = config.items.findIndex(isPki);
  if (index < 0) return undefined;
  return index === 0 ? config : ((config.items[index] as Pair).key as { commentBefore?: string | null });
}

const linesOf = (comment: string | null | undefined): string[] => (comment ? comment.split('\n') : []);

/** The step whose `up` has not succeeded, as recorded in the file. */
export function unfinishedStep(text: string): string | undefined {
  const line = linesOf(commentHolder(parseDocument(text))?.commentBefore).find((each) => each.startsWith(MARK));
  return line === undefined ? undefined : /npm run rotate -- (\S+)/.exec(line)?.[1];
}

/** The text with the new `pki`, and a comment before it with the step under way and the previous value. */
export function withRotation(text: string, step: Step, before: Pki, after: Pki): string {
  const document = parseDocument(text);
  const config = configOf(document);
  const value = document.createNode(after, { flow: true });
  const pair = config.items.find(isPki);
  if (pair) {
    const { comment } = (pair.value ?? {}) as { comment?: string | null };
    if (comment) value.comment = comment;
    pair.value = value;
  } else config.items.push(document.createPair(KEY, value));
  const holder = commentHolder(document)!;
  const notes = [
    `${MARK} npm run rotate -- ${step} wrote this, and its up has not succeeded yet; npm run up goes on.`,
    ` To go back: ${JSON.stringify(before)}`,
  ];
  holder.commentBefore = [...linesOf(holder.commentBefore), ...notes].join('\n');
  return document.toString({ lineWidth: 0 });
}

/** The text without the comment that a rotation is under way. */
export function withoutMark(text: string): string {
  const document = parseDocument(text);
  const holder = commentHolder(document);
  const lines = linesOf(holder?.commentBefore);
  const at = lines.findIndex((line) => line.startsWith(MARK));
  if (!holder || at < 0) return text;
  lines.splice(at, 2);
  holder.commentBefore = lines.length > 0 ? lines.join('\n') : null;
  return document.toString({ lineWidth: 0 });
}
