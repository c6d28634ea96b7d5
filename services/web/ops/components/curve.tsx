import { OPERATIONS_HISTORY_MS } from '../../../protocol/operations.ts';
import { curve, niceCeiling } from '../model/curve.ts';
import type { Point } from '../model/history.ts';

interface CurveProps {
  readonly points: readonly Point[];
  readonly now: number;
  /** The highest value of all curves that this one is compared with. */
  readonly highest: number;
  /** What is drawn, for those who do not see it. */
  readonly label: string;
  readonly text: (value: number) => string;
  readonly height?: number;
  /** Says next to the curve what its top is. */
  readonly isScaled?: boolean;
}

const WIDTH = 300;

/** Five minutes of one figure. */
export function Curve({ points, now, highest, label, text, height = 40, isScaled = false }: CurveProps) {
  const max = niceCeiling(highest);
  const { line, area } = curve(points, { width: WIDTH, height, now, spanMs: OPERATIONS_HISTORY_MS, max });
  const known = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const spoken =
    known.length === 0
      ? `${label}: nothing in the last five minutes`
      : `${label}, last five minutes: from ${text(Math.min(...known))} to ${text(Math.max(...known))}`;
  return (
    <div class="curve">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} preserveAspectRatio="none" role="img" aria-label={spoken}>
        {[1, 2, 3, 4].map((minute) => (
          <path key={minute} class="curve-minute" d={`M${(WIDTH / 5) * minute} 0V${height}`} />
        ))}
        <path class="curve-base" d={`M0 ${height - 0.5}H${WIDTH}`} />
        <path class="curve-area" d={area} />
        <path class="curve-line" d={line} />
      </svg>
      {isScaled && (
        <span class="curve-max" aria-hidden="true">
          {text(max)}
        </span>
      )}
    </div>
  );
}
