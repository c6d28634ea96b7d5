import type { ComponentChildren } from 'preact';
import type { Trail } from '../model/trail.ts';
import { now } from '../store.ts';
import { Chart } from './chart.tsx';

/** Replicas read edge and Redis every two seconds. */
const GAP_MS = 7000;

interface FigureProps {
  readonly title: string;
  /** The subject of the curve, for users who cannot see it. */
  readonly label: string;
  readonly testId: string;
  readonly trail: Trail;
  readonly text: (value: number) => string;
  /** The newest value, and its unit. */
  readonly children: ComponentChildren;
}

/** A value with its unit and its curve, for the panels of the edge and of Redis. */
export function Figure({ title, label, testId, trail, text, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>{title}</dt>
      <dd class="figure-value" data-testid={testId}>
        {children}
      </dd>
      <dd class="figure-curve">
        <Chart
          points={trail.points}
          now={now.value}
          highest={trail.highest}
          label={label}
          text={text}
          height={32}
          gapMs={GAP_MS}
        />
      </dd>
    </div>
  );
}
