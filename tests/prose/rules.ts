import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';

/** The rules as prose.yaml states them. */
const Rules = v.strictObject({
  /** How many words a sentence may have. */
  longestSentence: v.number(),
  phrases: v.array(
    v.strictObject({
      find: v.string(),
      say: v.string(),
      why: v.optional(v.string()),
      /** Looks at one whole sentence at a time, not at the running text. */
      sentence: v.optional(v.boolean(), false),
    }),
  ),
  /** Files and folders that were never read with these rules in mind. */
  notYet: v.array(v.string()),
});

export interface PhraseRule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly say: string;
  readonly why: string | undefined;
  readonly sentence: boolean;
}

export interface Rules {
  readonly longestSentence: number;
  readonly phrases: readonly PhraseRule[];
  readonly notYet: readonly string[];
}

export const RULES_FILE = path.join(import.meta.dirname, 'prose.yaml');

/** Bounded by whole words on both sides. */
const patternOf = (find: string) => new RegExp(`(?<!\\w)(?:${find})(?!\\w)`, 'giu');

export function parseRules(text: string): Rules {
  const { phrases, ...rest } = v.parse(Rules, parse(text));
  return {
    ...rest,
    phrases: phrases.map(({ find, say, why, sentence }) => {
      return { name: find, pattern: patternOf(find), say, why, sentence };
    }),
  };
}

export const readRules = (): Rules => parseRules(readFileSync(RULES_FILE, 'utf8'));
