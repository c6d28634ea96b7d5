/** Where the text from an offset on stands in its file. */
export interface Anchor {
  readonly offset: number;
  readonly line: number;
}

/** A run of prose in a file: a paragraph, a comment or a message. */
export interface Passage {
  readonly text: string;
  readonly anchors: readonly Anchor[];
  /** It is known to hold whole sentences, which a heading, a table cell or a piece of a page does not. */
  readonly whole: boolean;
}

/** Stands for code, a placeholder or an image within a passage. No rule takes it for a word. */
export const GAP = '□';

/** A row that begins another sentence, as in a table of a help text. */
const SET_OFF = /^(\s\s|\s*$)/;

/** Builds a passage from pieces, each with the line that it starts on; a newline in a piece starts the next line. */
export function passage(pieces: readonly (readonly [text: string, line: number])[], whole: boolean): Passage {
  const anchors: Anchor[] = [];
  let text = '';
  for (const [piece, first] of pieces) {
    for (const [index, row] of piece.split('\n').entries()) {
      if (index > 0) text += SET_OFF.test(row) ? '\n\n' : ' ';
      anchors.push({ offset: text.length, line: first + index });
      text += index > 0 ? row.trimStart() : row;
    }
  }
  return { text, anchors, whole };
}

export const lineAt = ({ anchors }: Passage, offset: number): number =>
  anchors.findLast((anchor) => anchor.offset <= offset)?.line ?? 1;
