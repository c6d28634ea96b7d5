import path from 'node:path';
import ts from 'typescript';
import { commentPassages, joinedComments, type RowComment } from './comment.ts';
import { GAP, type Passage, passage } from './passage.ts';

const KINDS: Record<string, ts.ScriptKind> = {
  '.tsx': ts.ScriptKind.TSX,
  '.js': ts.ScriptKind.JS,
  '.mjs': ts.ScriptKind.JS,
};

/** Three words in a row, and little else than words: a message, not a command, a style or a query. */
function isMessage(text: string): boolean {
  const plain = text.replaceAll(GAP, '');
  const ordinary = plain.match(/[\p{L}\d\s.,:;'’()?!-]/gu)?.length ?? 0;
  return /\p{L}{2,},? \p{L}+,? \p{L}{2,}/u.test(plain) && ordinary >= 0.92 * plain.length;
}

class SourceProse {
  readonly passages: Passage[] = [];
  readonly #file: ts.SourceFile;

  constructor(name: string, source: string) {
    this.#file = ts.createSourceFile(
      name,
      source,
      { languageVersion: ts.ScriptTarget.Latest, jsDocParsingMode: ts.JSDocParsingMode.ParseNone },
      true,
      KINDS[path.extname(name)],
    );
    this.#readComments();
    this.#readTexts(this.#file);
  }

  #line(offset: number): number {
    return this.#file.getLineAndCharacterOfPosition(offset).line + 1;
  }

  #readComments(): void {
    const { text } = this.#file;
    const ranges = new Map<number, ts.CommentRange>();
    const pageTexts: ts.Node[] = [];
    const visit = (node: ts.Node): void => {
      if (node.kind === ts.SyntaxKind.JsxText) pageTexts.push(node);
      const children = node.getChildren(this.#file);
      if (children.length > 0) return children.forEach(visit);
      const found = [ts.getLeadingCommentRanges(text, node.pos), ts.getTrailingCommentRanges(text, node.end)];
      for (const range of found.flatMap((some) => some ?? [])) ranges.set(range.pos, range);
    };
    visit(this.#file);
    const inPageText = ({ pos }: ts.CommentRange) => pageTexts.some((page) => page.pos <= pos && pos < page.end);
    const rows: RowComment[] = [];
    for (const range of [...ranges.values()].sort((a, b) => a.pos - b.pos)) {
      if (inPageText(range)) continue;
      const line = this.#line(range.pos);
      const comment = text.slice(range.pos, range.end);
      if (range.kind === ts.SyntaxKind.MultiLineCommentTrivia) {
        const body = comment.slice(2, -2).replace(/^[ \t]*\*+ ?/gm, '');
        this.passages.push(...commentPassages(body, line));
      } else {
        const alone = text.slice(text.lastIndexOf('\n', range.pos - 1) + 1, range.pos).trim() === '';
        rows.push({ text: comment.slice(2), line, alone });
      }
    }
    this.passages.push(...joinedComments(rows));
  }

  #readTexts(node: ts.Node): void {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeNode(node)) return;
    if (ts.isTaggedTemplateExpression(node)) return;
    if (ts.isJsxAttribute(node) && /^class(Name)?$/.test(node.name.getText(this.#file))) return;
    if (ts.isJsxText(node)) {
      this.#addMessage([[node.text.replace(/^[ \t]+/gm, ' '), this.#line(node.pos)]]);
      return;
    }
    const pieces = this.#piecesOf(node);
    if (pieces) this.#addMessage(pieces);
    ts.forEachChild(node, (child) => {
      // The parts of a message were read with it; what is inserted into it was not.
      if (!pieces || !(ts.isStringLiteralLike(child) || ts.isBinaryExpression(child))) this.#readTexts(child);
      else if (ts.isBinaryExpression(child)) this.#readInserted(child);
    });
  }

  /** Reads the expressions that are added to a message, such as a call with a message of its argument. */
  #readInserted(node: ts.BinaryExpression): void {
    for (const side of [node.left, node.right]) {
      if (ts.isBinaryExpression(side)) this.#readInserted(side);
      else if (ts.isTemplateExpression(side)) side.templateSpans.forEach((span) => this.#readTexts(span.expression));
      else if (!ts.isStringLiteralLike(side)) this.#readTexts(side);
    }
  }

  /** The pieces of a string, a template or a sum of them; undefined for anything else. */
  #piecesOf(node: ts.Node): (readonly [string, number])[] | undefined {
    if (ts.isStringLiteralLike(node)) return [[node.text, this.#line(node.getStart(this.#file))]];
    if (ts.isTemplateExpression(node)) {
      return [
        [node.head.text, this.#line(node.head.getStart(this.#file))],
        ...node.templateSpans.map(({ literal }) => {
          return [`${GAP}${literal.text}`, this.#line(literal.getStart(this.#file))] as const;
        }),
      ];
    }
    if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return undefined;
    const [left, right] = [this.#piecesOf(node.left), this.#piecesOf(node.right)];
    if (!left && !right) return undefined;
    const gap = (side: ts.Node) => [[GAP, this.#line(side.getStart(this.#file))] as const];
    return [...(left ?? gap(node.left)), ...(right ?? gap(node.right))];
  }

  /** A text of several rows is one passage for each paragraph, or code. */
  #addMessage(pieces: (readonly [string, number])[]): void {
    const made = passage(pieces, true);
    const code = pieces.some(([text]) => text.includes('\n')) && /[{}<>;=]|^\s*[#-]/m.test(made.text);
    const sentence = /[.!?]$/.test(made.text.trim());
    if (!code && isMessage(made.text)) this.passages.push({ ...made, whole: sentence });
  }
}

/** The comments, and the strings and page texts that people read. */
export const typescriptPassages = (source: string, name: string): Passage[] => new SourceProse(name, source).passages;
