import { escapeHtml, grouped } from '../report/html.ts';
import { apart, decades, linear } from './axis.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Whether the mark is hollow. */
  readonly isFailure?: boolean;
}

export interface Panel {
  readonly title: string;
  readonly xLabel: string;
  readonly xScale: 'linear' | 'logarithmic';
  /** The places where the horizontal axis may have a number. */
  readonly xTicks: readonly number[];
  readonly yScale: 'linear' | 'logarithmic';
  /** By the names of the figure's lines. */
  readonly lines: Readonly<Record<string, readonly Point[]>>;
}

/** Panels below each other with one legend, as a self-contained SVG that follows the reader's light or dark mode. */
export interface Figure {
  readonly title: string;
  readonly note: string;
  /** In the order of the legend; each has its colour, its mark and its dashes in every panel. */
  readonly names: readonly string[];
  readonly panels: readonly Panel[];
}

const WIDTH = 960;
const PLOT = { left: 64, right: WIDTH - 24, height: 230, above: 46, below: 50 };
const HEAD_HEIGHT = 62;
const LEGEND = { row: 20, column: (WIDTH - 2 * 24) / 2, swatch: 34 };
/** The least distance between the middles of two numbers of an axis. */
const APART = { x: 52, y: 15 };
const COLOURS = [
  ['#0b62c4', '#6cb0ff'],
  ['#b3261e', '#ff8a80'],
  ['#1a7f37', '#4cc38a'],
  ['#8a3ffc', '#c4a1ff'],
  ['#a15c00', '#f0b429'],
  ['#00788a', '#3fd0e0'],
] as const;
const DASHES = ['', '7 4', '2 4'];
const MARKS = ['circle', 'square', 'diamond', 'triangle'] as const;

const STYLE = [
  'svg{--page:#fff;--ink:#1f2328;--soft:#59636e;--rule:#d8dee4}',
  ...COLOURS.map(([light], index) => `.c${index}{--line:${light}}`),
  '@media(prefers-color-scheme:dark){svg{--page:#0d1117;--ink:#e6edf3;--soft:#9da7b3;--rule:#30363d}',
  ...COLOURS.map(([, dark], index) => `.c${index}{--line:${dark}}`),
  '}',
  'text{font:12px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--ink)}',
  '.title{font-size:17px;font-weight:600}.panel{font-size:13px;font-weight:600}.soft{fill:var(--soft)}',
  '.page{fill:var(--page)}.rule{stroke:var(--rule);fill:none}',
  '.line{stroke:var(--line);stroke-width:2;fill:none;stroke-linejoin:round}',
  '.mark{fill:var(--line);stroke:var(--line);stroke-width:1.5}.hollow{fill:var(--page)}',
].join('');

export function figure({ title, note, names, panels }: Figure): string {
  const legendRows = Math.ceil(names.length / 2);
  const top = HEAD_HEIGHT + legendRows * LEGEND.row;
  const each = PLOT.above + PLOT.height + PLOT.below;
  const height = top + panels.length * each;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" ` +
      `aria-label="${escapeHtml(`${title}. ${note}`)}">`,
    `<style>${STYLE}</style><rect class="page" width="${WIDTH}" height="${height}"/>`,
    text(24, 28, title, 'class="title"'),
    text(24, 48, note, 'class="soft"'),
    ...names.map((name, slot) => legendEntry(name, slot, legendRows)),
    ...panels.map((panel, index) => drawPanel(panel, names, top + index * each)),
    '</svg>',
    '',
  ].join('\n');
}

function legendEntry(name: string, slot: number, rows: number): string {
  const x = 24 + Math.floor(slot / rows) * LEGEND.column;
  const y = HEAD_HEIGHT + 12 + (slot % rows) * LEGEND.row;
  return (
    `<g class="${colourOf(slot)}"><path class="line"${dashOf(slot)} d="M${x} ${y - 4}h${LEGEND.swatch}"/>` +
    `${mark(x + LEGEND.swatch / 2, y - 4, slot)}</g>${text(x + LEGEND.swatch + 8, y, name)}`
  );
}

function drawPanel(
  { title, xLabel, xScale, xTicks, yScale, lines }: Panel,
  names: readonly string[],
  top: number,
): string {
  const all = Object.values(lines).flat();
  const [upper, lower] = [top + PLOT.above, top + PLOT.above + PLOT.height];
  const heading = text(24, top + 28, title, 'class="panel"');
  if (all.length === 0) return `${heading}${text(PLOT.left, upper + 20, 'Nothing was measured.')}`;
  const ys = all.map(({ y }) => y);
  const yAxis = yScale === 'linear' ? linear(Math.max(...ys)) : decades(Math.min(...ys), Math.max(...ys));
  const xOf = horizontal(xScale, xTicks);
  const y = (value: number) => round(lower - yAxis.at(value) * PLOT.height);
  const grid = yAxis.ticks.map((tick) => `<path class="rule" d="M${PLOT.left} ${y(tick)}H${PLOT.right}"/>`);
  const yNumbers = apart(yAxis.ticks, y, APART.y).map((tick) =>
    text(PLOT.left - 8, y(tick) + 4, shown(tick), 'class="soft" text-anchor="end"'),
  );
  const xNumbers = apart(xTicks, xOf, APART.x).map((tick) =>
    text(xOf(tick), lower + 18, shown(tick), 'class="soft" text-anchor="middle"'),
  );
  const drawn = names.map((name, slot) => {
    const points = (lines[name] ?? []).map((point) => ({ ...point, x: xOf(point.x), y: y(point.y) }));
    if (points.length === 0) return '';
    const path = points.map((point, index) => `${index === 0 ? 'M' : 'L'}${point.x} ${point.y}`).join('');
    const marks =
      points.length > MOST_MARKED ? [] : points.map((point) => mark(point.x, point.y, slot, point.isFailure));
    return `<g class="${colourOf(slot)}"><path class="line"${dashOf(slot)} d="${path}"/>${marks.join('')}</g>`;
  });
  const below = text((PLOT.left + PLOT.right) / 2, lower + 38, xLabel, 'class="soft" text-anchor="middle"');
  return [heading, ...grid, ...yNumbers, ...xNumbers, below, ...drawn].join('');
}

/** A line with more points than this has no marks. */
const MOST_MARKED = 24;

const round = (value: number) => Number(value.toFixed(1));
const colourOf = (slot: number) => `c${slot % COLOURS.length}`;
const dashOf = (slot: number) => {
  const dash = DASHES[Math.floor(slot / COLOURS.length) % DASHES.length];
  return dash === '' ? '' : ` stroke-dasharray="${dash}"`;
};
const shown = (value: number) => (value < 1000 ? String(value) : grouped(value));
const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${attributes === '' ? '' : ` ${attributes}`}>${escapeHtml(words)}</text>`;

function mark(x: number, y: number, slot: number, isHollow = false): string {
  const look = `class="mark${isHollow ? ' hollow' : ''}"`;
  const shape = MARKS[slot % MARKS.length];
  if (shape === 'circle') return `<circle ${look} cx="${x}" cy="${y}" r="4"/>`;
  if (shape === 'square') return `<path ${look} d="M${x - 3.5} ${y - 3.5}h7v7h-7z"/>`;
  if (shape === 'diamond') return `<path ${look} d="M${x} ${y - 5}l5 5l-5 5l-5 -5z"/>`;
  return `<path ${look} d="M${x} ${y - 5}l4.7 8.5h-9.4z"/>`;
}

function horizontal(scale: Panel['xScale'], ticks: readonly number[]): (value: number) => number {
  const [least, most] = [Math.min(...ticks), Math.max(...ticks)];
  const of = scale === 'linear' ? (value: number) => value : Math.log;
  const [from, to] = scale === 'linear' ? [0, most] : [of(least), of(most)];
  const inset = scale === 'linear' ? 0 : 24;
  const width = PLOT.right - PLOT.left - 2 * inset;
  return (value) => round(PLOT.left + inset + (to === from ? 0.5 : (of(value) - from) / (to - from)) * width);
}
