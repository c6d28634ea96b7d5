import { escapeHtml } from './html.ts';

export interface Line {
  readonly label: string;
  /** One value per second; null where there was nothing to measure. */
  readonly values: readonly (number | null)[];
}

export interface Chart {
  readonly title: string;
  /** The content of the chart, in a sentence. */
  readonly note: string;
  readonly lines: readonly Line[];
  /** Milliseconds are drawn on a logarithmic scale, because outliers are far from usual values. */
  readonly unit: 'count' | 'ms' | 'percent' | 'MiB';
  /** Dots instead of lines, for rare events. */
  readonly dots?: boolean;
}

/** The data for the page's script, which the page holds as JSON. */
export interface ChartData {
  readonly charts: readonly Chart[];
  /** The actions on the cluster, and the second of each. */
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

/** The place of a chart, which the page's script finds by its number. */
export function chartFigure({ title, note, lines }: Chart, index: number): string {
  const caption = (text: string) => `<figcaption><h3>${escapeHtml(title)}</h3><p>${escapeHtml(text)}</p></figcaption>`;
  const isEmpty = lines.every(({ values }) => values.every((value) => value === null));
  if (isEmpty) return `<figure>${caption('Nothing was measured.')}</figure>`;
  return `<figure class="chart" data-chart="${index}">${caption(note)}
<div class="plot" role="img" aria-label="${escapeHtml(`${title}: ${note}`)}"></div></figure>`;
}
