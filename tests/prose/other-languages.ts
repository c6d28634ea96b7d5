// The comments of languages that the TypeScript compiler cannot read.
import { type CST, LineCounter, Parser } from 'yaml';
import { commentPassages, joinedComments, type RowComment } from './comment.ts';
import type { Passage } from './passage.ts';

/** A language as far as its comments need: what hides a comment's start, and the comment. */
interface Lexicon {
  /** Strings and block comments, and the comment up to the end of the row, which is the group `row`. */
  readonly token: RegExp;
}

const LUA: Lexicon = {
  token: /\[(=*)\[[\s\S]*?\]\1\]|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|--(?!\[=*\[)(?<row>.*)/g,
};
const SHELL: Lexicon = { token: /'[^']*'|"(?:\\[\s\S]|[^"\\])*"|\\.|(?<=^|\s)#(?<row>.*)/gm };
const CSS: Lexicon = { token: /\/\*(?<block>[\s\S]*?)\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g };

const lineOf = (source: string, offset: number): number => source.slice(0, offset).split('\n').length;

function lexedPassages(source: string, { token }: Lexicon): Passage[] {
  const rows: RowComment[] = [];
  const blocks: Passage[] = [];
  for (const { index, groups } of source.matchAll(token)) {
    if (groups?.['block'] !== undefined) {
      const body = groups['block'].replace(/^[ \t]*\*(?!\/) ?/gm, '');
      blocks.push(...commentPassages(body, lineOf(source, index)));
    }
    if (groups?.['row'] === undefined) continue;
    const before = source.slice(source.lastIndexOf('\n', index - 1) + 1, index);
    rows.push({ text: groups['row'].replace(/^-+/, ''), line: lineOf(source, index), alone: before.trim() === '' });
  }
  return [...joinedComments(rows), ...blocks];
}

/** A row of YAML that a comment switches off, such as `key: value # remark`. */
const SWITCHED_OFF = /^ *[a-z][\w-]*(:[\w-]+)*: \S*( +#.*)?$/;

function yamlPassages(source: string): Passage[] {
  const lines = new LineCounter();
  const rows: RowComment[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== 'object' || value === null) return;
    const token = value as CST.Token;
    if (token.type === 'comment') {
      const { line, col } = lines.linePos(token.offset);
      const before = source.slice(token.offset - col + 1, token.offset);
      const text = token.source.replace(/^#+/, '');
      if (!SWITCHED_OFF.test(text)) rows.push({ text, line, alone: before.trim() === '' });
    } else Object.values(value).forEach(visit);
  };
  for (const token of new Parser(lines.addNewLine).parse(source)) visit(token);
  return joinedComments(rows.sort((a, b) => a.line - b.line));
}

export const luaPassages = (source: string): Passage[] => lexedPassages(source, LUA);
export const shellPassages = (source: string): Passage[] => lexedPassages(source, SHELL);
export const cssPassages = (source: string): Passage[] => lexedPassages(source, CSS);
export { yamlPassages };
