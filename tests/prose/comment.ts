import { markdownPassages } from './markdown.ts';
import { type Passage, passage } from './passage.ts';

/** Instructions to a tool, not to a reader. */
const DIRECTIVE = /^\s*(@ts-|biome-ignore|\/ ?<reference|shellcheck |yaml-language-server|!|syntax=)/;
/** A list, a blank row, code or a tag: the comment has a structure that Markdown knows. */
const STRUCTURED = /`|\n\s*\n|(^|\n)\s*([-*]|\d+\.) /;
const TAG = /^\s*@(\w+)/;

/** The prose of a comment whose markers were taken off each row. `line` is that of its first row. */
export function commentPassages(body: string, line: number): Passage[] {
  if (DIRECTIVE.test(body)) return [];
  const rows = body.split('\n');
  const starts = rows.flatMap((row, index) => (index === 0 || TAG.test(row) ? [index] : []));
  return starts.flatMap((start, index) => {
    const part = rows
      .slice(start, starts[index + 1])
      .join('\n')
      .replace(TAG, '');
    if (!/\p{L}/u.test(part)) return [];
    return STRUCTURED.test(part) ? markdownPassages(part, line + start) : [passage([[part, line + start]], true)];
  });
}

export interface RowComment {
  readonly text: string;
  readonly line: number;
  /** Nothing but the comment is on its row. */
  readonly alone: boolean;
}

/** Joins comments on consecutive rows, such as `//` or `#` starts, into one. */
export function joinedComments(comments: readonly RowComment[]): Passage[] {
  const groups: RowComment[][] = [];
  for (const comment of comments) {
    const last = groups.at(-1)?.at(-1);
    const continues = last?.alone && comment.alone && last.line === comment.line - 1 && !DIRECTIVE.test(comment.text);
    if (continues && !DIRECTIVE.test(last.text)) groups.at(-1)!.push(comment);
    else groups.push([comment]);
  }
  return groups.flatMap((group) => commentPassages(group.map(({ text }) => text).join('\n'), group[0]!.line));
}
