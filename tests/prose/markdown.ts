import type { Nodes, PhrasingContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmTableFromMarkdown } from 'mdast-util-gfm-table';
import { gfmTable } from 'micromark-extension-gfm-table';
import { GAP, type Passage, passage } from './passage.ts';

type Piece = readonly [text: string, line: number];

function piecesOf(node: PhrasingContent, line: number): Piece[] {
  const start = line + node.position!.start.line - 1;
  if (node.type === 'text') return [[node.value, start]];
  if (node.type === 'break') return [[' ', start]];
  if ('children' in node) return node.children.flatMap((child) => piecesOf(child, line));
  return [[GAP, start]];
}

/** The paragraphs, headings, table cells and HTML comments; code is left out. `line` is that of the first row. */
export function markdownPassages(source: string, line = 1): Passage[] {
  const found: Passage[] = [];
  const visit = (node: Nodes): void => {
    switch (node.type) {
      case 'paragraph':
      case 'heading':
      case 'tableCell':
        found.push(
          passage(
            node.children.flatMap((child) => piecesOf(child, line)),
            node.type === 'paragraph',
          ),
        );
        return;
      case 'html':
        for (const comment of node.value.matchAll(/<!--([\s\S]*?)-->/g)) {
          const before = node.value.slice(0, comment.index).split('\n').length - 1;
          found.push(passage([[comment[1]!, line + node.position!.start.line - 1 + before]], true));
        }
        return;
      default:
        if ('children' in node) node.children.forEach(visit);
    }
  };
  visit(fromMarkdown(source, { extensions: [gfmTable()], mdastExtensions: [gfmTableFromMarkdown()] }));
  return found.filter(({ text }) => /\p{L}/u.test(text));
}
