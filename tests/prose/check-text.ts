import path from 'node:path';
import type { Root, Sentence } from 'nlcst';
import retextEnglish from 'retext-english';
import retextRepeatedWords from 'retext-repeated-words';
import { unified } from 'unified';
import { VFile } from 'vfile';
import { applyExceptions, readExceptions } from './exceptions.ts';
import type { Finding } from './finding.ts';
import { markdownPassages } from './markdown.ts';
import { cssPassages, luaPassages, shellPassages, yamlPassages } from './other-languages.ts';
import { GAP, lineAt, type Passage } from './passage.ts';
import type { Rules } from './rules.ts';
import { typescriptPassages } from './typescript.ts';

const READERS: Record<string, (source: string, name: string) => Passage[]> = {
  '.md': (source) => markdownPassages(source),
  '.ts': typescriptPassages,
  '.mts': typescriptPassages,
  '.tsx': typescriptPassages,
  '.js': typescriptPassages,
  '.mjs': typescriptPassages,
  '.lua': luaPassages,
  '.sh': shellPassages,
  '.css': cssPassages,
  '.yaml': yamlPassages,
  '.yml': yamlPassages,
};

export const EXTENSIONS = Object.keys(READERS).map((extension) => extension.slice(1));

/** The passages of a file, in the order of its lines. */
export function passagesOf(source: string, name: string): Passage[] {
  const passages = READERS[path.extname(name)]?.(source, name) ?? [];
  return passages.sort((a, b) => lineAt(a, 0) - lineAt(b, 0));
}

const english = unified().use(retextEnglish).use(retextRepeatedWords).freeze();

interface Parsed {
  readonly sentences: readonly Sentence[];
  /** Words that occur twice in a row, with their offset. */
  readonly repeated: readonly { readonly words: string; readonly offset: number }[];
}

/** After these the parser never ends a sentence, though here it often does: numbers, units, `seq` and `id`. */
const NO_ABBREVIATION = /\d(?=\. )|(?<=\d )[a-z](?=\.)|\b(seq|id)(?=\.)/g;

function parseEnglish(text: string): Parsed {
  const file = new VFile(text.replace(NO_ABBREVIATION, (word) => 'x'.repeat(word.length - 1) + GAP));
  const tree: Root = english.parse(file);
  english.runSync(tree, file);
  const sentences = tree.children
    .flatMap((paragraph) => (paragraph.type === 'ParagraphNode' ? paragraph.children : []))
    .filter((node) => node.type === 'SentenceNode');
  const repeated = file.messages.map(({ place, actual: words = '' }) => {
    return { words, offset: (place && 'start' in place ? place.start.offset : place?.offset) ?? 0 };
  });
  // A range of characters, such as A-Z a-z, is not a repeated word.
  return { sentences, repeated: repeated.filter(({ words }) => !words.includes('-')) };
}

const wordCount = ({ children }: Sentence): number => children.filter(({ type }) => type === 'WordNode').length;

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 57).trimEnd()}...` : text);

/** The findings of one passage. Rules about sentences are for passages that hold whole ones. */
export function checkPassage(passage: Passage, rules: Rules): Finding[] {
  const { text, whole } = passage;
  const findings: Finding[] = [];
  const add = (offset: number, phrase: string, advice: string) =>
    findings.push({ line: lineAt(passage, offset), phrase: shortened(phrase), advice });
  const look = (part: string, from: number, sentence: boolean) => {
    for (const rule of rules.phrases.filter((one) => one.sentence === sentence)) {
      for (const { 0: phrase, index } of part.matchAll(rule.pattern)) {
        add(from + index, phrase, `write ${rule.say}${rule.why ? `; ${rule.why}` : ''}`);
      }
    }
  };
  look(text, 0, false);
  const { sentences, repeated } = parseEnglish(text);
  for (const { position } of sentences) {
    if (whole) look(text.slice(position!.start.offset, position!.end.offset), position!.start.offset!, true);
  }
  for (const sentence of sentences) {
    const words = wordCount(sentence);
    const { start, end } = sentence.position!;
    if (words <= rules.longestSentence) continue;
    add(start.offset!, text.slice(start.offset, end.offset), `split the sentence, which has ${words} words`);
  }
  if (whole) for (const { words, offset } of repeated) add(offset, words, 'write the word once');
  return findings;
}

/** The findings of a file in the order of its lines. `name` decides how it is read. */
export function checkText(source: string, name: string, rules: Rules): Finding[] {
  const read = passagesOf(source, name).map(readExceptions);
  const findings = read.flatMap(({ passage }) => checkPassage(passage, rules));
  const exceptions = read.flatMap((one) => one.exceptions);
  return applyExceptions(findings, exceptions).sort((a, b) => a.line - b.line);
}
