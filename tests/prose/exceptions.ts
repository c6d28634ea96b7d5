import type { Finding } from './finding.ts';
import { GAP, lineAt, type Passage } from './passage.ts';

/** Begins a comment, and lets one phrase stand in that comment and in the rows after it. */
const EXCEPTION = /^ *prose-allow:? ?(?:"([^"]+)")?(?:, because ([^.]+)\.)?/gu;
const REACH_ROWS = 3;

export interface Exception {
  readonly line: number;
  readonly phrase: string;
  readonly reason: string;
}

/** Takes the exception out of a passage; the rest keeps its place. */
export function readExceptions(passage: Passage): { passage: Passage; exceptions: Exception[] } {
  const exceptions: Exception[] = [];
  const text = passage.text.replace(EXCEPTION, (all, phrase = '', reason = '', offset: number) => {
    exceptions.push({ line: lineAt(passage, offset), phrase, reason });
    return GAP.padEnd(all.length);
  });
  return { passage: exceptions.length > 0 ? { ...passage, text } : passage, exceptions };
}

/** The findings that no exception covers, and the exceptions that give no reason or cover nothing. */
export function applyExceptions(findings: readonly Finding[], exceptions: readonly Exception[]): Finding[] {
  const covers = ({ line, phrase, reason }: Exception, finding: Finding) =>
    reason !== '' &&
    finding.phrase.toLowerCase().startsWith(phrase.toLowerCase()) &&
    finding.line >= line &&
    finding.line <= line + REACH_ROWS;
  const left = findings.filter((finding) => !exceptions.some((exception) => covers(exception, finding)));
  const wrong = exceptions.flatMap((exception): Finding[] => {
    const { line, phrase, reason } = exception;
    if (phrase === '' || reason === '') {
      return [{ line, phrase: 'prose-allow', advice: 'write prose-allow: "the phrase", because it has a reason.' }];
    }
    if (findings.some((finding) => covers(exception, finding))) return [];
    return [{ line, phrase: `prose-allow: "${phrase}"`, advice: 'remove the exception, which covers nothing' }];
  });
  return [...left, ...wrong];
}
