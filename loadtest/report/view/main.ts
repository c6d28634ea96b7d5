// Runs in the report: draws its charts. Hovering one shows the values of that second, in all of them.
import uPlot from 'uplot';
import type { Chart, ChartData } from '../chart.ts';
import { clock, duration, grouped } from '../html.ts';

const HEIGHT = 210;
const Y_WIDTH = 66;
const COLOURS = 8;
/** Least distance in pixels between two marks with a number each. */
const APART = 16;

const SHOW: Readonly<Record<Chart['unit'], (value: number) => string>> = {
  count: grouped,
  ms: duration,
  percent: (share) => `${Math.round(share * 100)} %`,
  MiB: (value) => `${grouped(value)} MiB`,
};

const { charts, marks } = JSON.parse(document.getElementById('charts')!.textContent!) as ChartData;
const plots: uPlot[] = [];
// Takes the colours of the style sheet, which a canvas cannot read.
const probe = document.body.appendChild(document.createElement('span'));
probe.hidden = true;
const linear = uPlot.paths.linear!();

for (const figure of document.querySelectorAll<HTMLElement>('figure.chart')) {
  draw(figure.querySelector<HTMLElement>('.plot')!, charts[Number(figure.dataset['chart'])]!);
}
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const plot of plots) plot.redraw();
});

function draw(place: HTMLElement, { lines, unit, dots = false }: Chart): void {
  const show = SHOW[unit];
  const isLogarithmic = unit === 'ms';
  const seconds = Array.from({ length: Math.max(...lines.map(({ values }) => values.length)) }, (_, second) => second);
  // Values below a millisecond are at the bottom of a scale that has no zero.
  const drawn = lines.map(({ values }) =>
    values.map((value) => (value === null ? null : isLogarithmic ? Math.max(1, value) : value)),
  );
  const axis = {
    stroke: () => colour('--soft'),
    grid: { stroke: () => colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const plot = new uPlot(
    {
      width: place.clientWidth,
      height: HEIGHT,
      padding: [18, 8, 0, 0],
      cursor: { y: false, sync: { key: 'report' }, drag: { x: false, y: false }, points: { size: 7 } },
      scales: {
        x: { time: false },
        y: isLogarithmic
          ? { distr: 3, range: (_, _least, most) => [1, 10 ** Math.max(1, Math.ceil(Math.log10(Math.max(most, 2))))] }
          : { range: { min: { pad: 0, soft: 0, mode: 1 }, max: { pad: 0.1, soft: 1, mode: 2 } } },
      },
      axes: [
        { ...axis, values: (_, splits) => splits.map(clock) },
        { ...axis, size: Y_WIDTH, values: (_, splits) => splits.map((value) => (value === null ? '' : show(value))) },
      ],
      series: [
        { label: 'Time', value: (_, second) => (second === null ? '–' : clock(second)) },
        ...lines.map(({ label, values }, index) => ({
          label,
          value: (_: uPlot, _value: number | null, _line: number, second: number | null) =>
            second === null || (values[second] ?? null) === null ? '–' : show(values[second]!),
          stroke: () => colour(`--c${index % COLOURS}`),
          fill: () => colour(`--c${index % COLOURS}`),
          // The area below a line has no meaning here.
          paths: dots
            ? () => null
            : (plot: uPlot, line: number, from: number, to: number) => lineOnly(plot, line, from, to),
          width: 1.75,
          points: dots ? { show: true, size: 5 } : { show: true, size: 4, filter: alone },
        })),
      ],
      hooks: { draw: [drawMarks] },
    },
    [seconds, ...drawn],
    place,
  );
  plots.push(plot);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT })).observe(place);
}

function lineOnly(plot: uPlot, line: number, from: number, to: number): uPlot.Series.Paths | null {
  const paths = linear(plot, line, from, to);
  return paths && { ...paths, fill: null };
}

/** A value without neighbours has no line, and is shown as a point. */
function alone(plot: uPlot, line: number): number[] {
  const values = plot.data[line]!;
  return [...values].flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? [index] : [],
  );
}

/** The moments of the actions on the cluster, with the numbers of the list above the charts. */
function drawMarks(plot: uPlot): void {
  const { ctx } = plot;
  const { left, width, top, height } = plot.bbox;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.strokeStyle = colour('--mark');
  ctx.fillStyle = colour('--mark');
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  let last = -Infinity;
  for (const [index, { at }] of marks.entries()) {
    const x = plot.valToPos(at, 'x', true);
    if (x < left || x > left + width) continue;
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    if (x - last < APART * ratio) continue;
    ctx.fillText(String(index + 1), x, top - 5 * ratio);
    last = x;
  }
  ctx.restore();
}

/** A colour of the style sheet, in the form for a canvas. */
function colour(name: string): string {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}
