import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { OPERATIONS_HISTORY_MS } from '../../../protocol/operations.ts';
import { columns, niceCeiling } from '../model/chart-data.ts';
import type { Point } from '../model/history.ts';
import { agoText } from '../model/text.ts';

interface ChartProps {
  readonly points: readonly Point[];
  readonly now: number;
  /** The highest value of all charts that this one is compared with. */
  readonly highest: number;
  /** Describes the chart for people who do not see it. */
  readonly label: string;
  readonly text: (value: number) => string;
  readonly height?: number;
  /** Shows the highest value of the scale next to the curve. */
  readonly isScaled?: boolean;
  /** The curve is interrupted where there is no value for this long. */
  readonly gapMs?: number;
}

/** The chart of uPlot, which outlives one rendering. */
interface Drawing {
  readonly plot: uPlot;
  readonly stop: () => void;
}

/** Five minutes of one figure. Hovering shows the value of a moment. */
export function Chart(props: ChartProps) {
  const { points, now, highest, label, text, height = 40, isScaled = false, gapMs = 3500 } = props;
  const place = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLParagraphElement>(null);
  const drawing = useRef<Drawing | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  const max = niceCeiling(highest);

  useEffect(() => {
    drawing.current = draw(place.current!, height, (plot) => showValue(plot, tip.current!, latest.current));
    return () => drawing.current?.stop();
  }, []);
  useEffect(() => {
    const { plot } = drawing.current!;
    plot.setData(columns(points, { now, spanMs: OPERATIONS_HISTORY_MS, gapMs }), false);
    plot.batch(() => {
      plot.setScale('x', { min: (now - OPERATIONS_HISTORY_MS) / 1000, max: now / 1000 });
      plot.setScale('y', { min: 0, max });
    });
  }, [points, now, max]);

  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const spoken =
    known.length === 0
      ? `${label}: nothing in the last five minutes`
      : `${label}, last five minutes: from ${text(Math.min(...known))} to ${text(Math.max(...known))}`;
  return (
    <div class="chart">
      <div class="chart-plot" ref={place} role="img" aria-label={spoken} data-points={known.length} />
      {isScaled && (
        <span class="chart-max" aria-hidden="true">
          {text(max)}
        </span>
      )}
      <p class="chart-tip" ref={tip} aria-hidden="true" hidden data-testid="chart-tip" />
    </div>
  );
}

function draw(place: HTMLDivElement, height: number, onCursor: (plot: uPlot) => void): Drawing {
  const colour = () => getComputedStyle(place).color;
  const options: uPlot.Options = {
    width: Math.max(place.clientWidth, 1),
    height,
    padding: [2, 0, 1, 0],
    legend: { show: false },
    scales: { x: { time: false, auto: false }, y: { auto: false } },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6, stroke: colour, fill: colour } },
    axes: [
      // A grid line each minute, without a label.
      {
        size: 0,
        gap: 0,
        ticks: { show: false },
        values: () => [],
        space: 1,
        incrs: [60],
        grid: { width: 1, stroke: () => getComputedStyle(place).borderBottomColor },
      },
      { show: false },
    ],
    series: [
      {},
      {
        width: 1.75,
        stroke: colour,
        fill: () => colour().replace(/^rgb\((.*)\)$/, 'rgba($1, 0.14)'),
        // A single value makes no line, so it is drawn as a point.
        points: { show: true, size: 3, filter: (plot, line) => alone(plot.data[line]!) },
      },
    ],
    hooks: { setCursor: [onCursor] },
  };
  const plot = new uPlot(options, [[], []], place);
  const watch = new ResizeObserver(() => {
    if (place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height });
  });
  watch.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => plot.redraw();
  scheme.addEventListener('change', redraw);
  return {
    plot,
    stop: () => {
      watch.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

const alone = (values: uPlot.AlignedData[number]): number[] =>
  [...values].flatMap((value, index) =>
    value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null ? [index] : [],
  );

/** Shows the value under the pointer next to the pointer. */
function showValue(plot: uPlot, tip: HTMLElement, { text, now }: ChartProps): void {
  const { idx, left = -1 } = plot.cursor;
  const value = idx === null || idx === undefined ? undefined : plot.data[1]![idx];
  tip.hidden = left < 0 || value === undefined || value === null;
  if (tip.hidden) return;
  const second = plot.data[0][idx!]!;
  tip.textContent = `${text(value!)} · ${agoText(now - second * 1000)}`;
  const isRight = left > plot.width / 2;
  tip.style.left = isRight ? '' : `${left + 8}px`;
  tip.style.right = isRight ? `${plot.width - left + 8}px` : '';
}
