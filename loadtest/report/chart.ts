import type { Mark } from '../load/disturber.ts';
import { clock, escapeHtml } from './html.ts';

export interface Line {
  readonly label: string;
  /** A value a second; null where there was nothing to measure. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  /** What is to be seen, in a sentence. */
  readonly note: string;
  readonly lines: readonly Line[];
  readonly show: (value: number) => string;
  readonly scale?: 'linear' | 'logarithmic';
  readonly marks: readonly Mark[];
  /** Dots instead of lines: what happens now and then. */
  readonly dots?: boolean;
}

/** Points a path has at most: neighbours are put together, the worst of them shown. */
const MOST_POINTS = 600;
const X_TICKS = 5;
/** Hundredths of the width between two marks that need a number each. */
const CLOSE = 5;

function thinned(values: Line['values']): { every: number; values: (number | null)[] } {
  const every = Math.max(1, Math.ceil(values.length / MOST_POINTS));
  const result: (number | null)[] = [];
  for (let index = 0; index < values.length; index += every) {
    const some = values.slice(index, index + every).filter((value) => value !== null);
    result.push(some.length === 0 ? null : Math.max(...some));
  }
  return { every, values: result };
}

/** The numbers of marks, those too near to each other for a number each put together. */
function together(places: readonly number[]): { left: number; text: string }[] {
  const groups: { left: number; first: number; last: number }[] = [];
  places.forEach((left, index) => {
    const group = groups.at(-1);
    if (group && left - group.left < CLOSE) group.last = index + 1;
    else groups.push({ left, first: index + 1, last: index + 1 });
  });
  return groups.map(({ left, first, last }) => ({ left, text: first === last ? `${first}` : `${first}–${last}` }));
}

/**
 * A chart whose lines are SVG that stretches and whose words are HTML that does not: it can be read at any width.
 * Hovering shows the values of a second, by the script of the page.
 */
export function chart({ title, note, lines, show, scale = 'linear', marks, dots = false }: Chart): string {
  const all = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  if (all.length === 0)
    return `<figure><figcaption><h3>${escapeHtml(title)}</h3><p>Nothing was measured.</p></figcaption></figure>`;
  const seconds = Math.max(...lines.map(({ values }) => values.length));
  const { at, ticks } = (scale === 'linear' ? linear : logarithmic)(
    all.reduce((most, value) => Math.max(most, value), 0),
  );
  const x = (second: number) => (second / Math.max(1, seconds - 1)) * 100;
  const y = (value: number) => 100 - at(value) * 100;
  const number = (value: number) => Number(value.toFixed(2));
  const paths = lines.map((line, index) => {
    const { every, values } = thinned(line.values);
    let path = '';
    values.forEach((value, point) => {
      if (value === null) return;
      const before = dots ? null : (values[point - 1] ?? null);
      path += `${before === null ? 'M' : 'L'}${number(x(point * every))} ${number(y(value))}`;
      // A point alone is drawn as a line of no length with round ends.
      if (dots || (before === null && (values[point + 1] ?? null) === null)) path += 'h0';
    });
    return `<path class="line s${index % 8}${dots ? ' dots' : ''}" d="${path}"/>`;
  });
  const grid = ticks.map((tick) => `<path class="grid" d="M0 ${number(y(tick))}H100"/>`);
  const struck = marks.map(({ at: second }) => `<path class="mark" d="M${number(x(second))} 0V100"/>`);
  const labels = ticks.map((tick) => `<span style="top:${number(y(tick))}%">${escapeHtml(show(tick))}</span>`);
  const times = Array.from({ length: X_TICKS }, (_, index) => Math.round(((seconds - 1) * index) / (X_TICKS - 1)));
  const numbers = together(marks.map(({ at: second }) => x(second))).map(
    ({ left, text }) => `<b style="left:${number(left)}%">${text}</b>`,
  );
  const legend =
    lines.length < 2
      ? ''
      : `<ul class="legend">${lines
          .map(({ label }, index) => `<li><i class="s${index % 8}"></i>${escapeHtml(label)}</li>`)
          .join('')}</ul>`;
  return `<figure class="chart" data-lines='${escapeHtml(
    JSON.stringify(
      lines.map(({ label, values }) => [label, values.map((value) => (value === null ? null : show(value)))]),
    ),
  )}'>
<figcaption><h3>${escapeHtml(title)}</h3><p>${escapeHtml(note)}</p>${legend}</figcaption>
<div class="plot"><div class="y" aria-hidden="true">${labels.join('')}</div>
<div class="area">${marks.length > 0 ? `<div class="numbers" aria-hidden="true">${numbers.join('')}</div>` : ''}
<svg viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label="${escapeHtml(`${title}: ${note}`)}">
${grid.join('')}${struck.join('')}${paths.join('')}</svg><div class="cursor" hidden></div></div>
<div class="x" aria-hidden="true">${times.map((second) => `<span>${clock(second)}</span>`).join('')}</div></div>
<output class="read" aria-live="off"></output></figure>`;
}

export interface Scale {
  /** Where a value is, from 0 (bottom) to 1 (top). */
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

const NICE = [1, 2, 2.5, 5, 10];

/** From 0 to a round number at or above the most, with a few round steps. */
export function linear(most: number): Scale {
  const raw = Math.max(most, 1e-9) / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = NICE.map((nice) => nice * power).find((nice) => nice >= raw * 0.999)!;
  const count = Math.max(1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(6)));
  return { at: (value) => Math.max(0, Math.min(1, value / (step * count))), ticks };
}

/** Powers of ten from 1 to at or above the most: for times, of which the rare ones are far from the usual. */
export function logarithmic(most: number): Scale {
  const powers = Math.max(1, Math.ceil(Math.log10(Math.max(most, 2)) - 1e-9));
  return {
    at: (value) => Math.max(0, Math.min(1, Math.log10(Math.max(1, value)) / powers)),
    ticks: Array.from({ length: powers + 1 }, (_, index) => 10 ** index),
  };
}
