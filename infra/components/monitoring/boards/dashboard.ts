import type { Threshold } from '../thresholds.ts';

/** Units that Grafana knows. An axis has one. */
export type Unit = 'short' | 'ops' | 's' | 'bytes' | 'Bps' | 'percentunit';

/** One graph: its title, its unit, and a query for each kind of line with its legend. */
export interface Panel {
  readonly title: string;
  readonly description?: string;
  readonly unit: Unit;
  readonly queries: readonly (readonly [expr: string, legend: string])[];
  /** Where an alert fires. */
  readonly threshold?: Threshold;
}

/** A choice of the reader: the values of a label of a metric. */
export interface Variable {
  readonly name: string;
  readonly label: string;
  /** The metric that has the label, with the matchers that narrow it. */
  readonly metric: string;
  readonly of: string;
  /** Allows several values, initially all. Otherwise the reader chooses one, initially this one. */
  readonly first?: string;
}

/** An event, as a mark or a span across every graph. */
export interface Annotation {
  readonly name: string;
  readonly color: 'red' | 'orange' | 'blue';
  /** Above 0 while it lasts. */
  readonly expr: string;
  /** `{{label}}` is replaced. */
  readonly text: string;
}

export interface Board {
  readonly uid: string;
  readonly title: string;
  readonly variables: readonly Variable[];
  readonly annotations: readonly Annotation[];
  readonly panels: readonly Panel[];
}

const WIDTH = 12;
const HEIGHT = 8;
const DATA_SOURCE = { type: 'prometheus', uid: '${datasource}' };
const COLORS = { warning: 'orange', critical: 'red' } as const;

/** Values are bad below a floor, and above any other threshold. */
function thresholdsOf({ severity, at, isFloor = false }: Threshold) {
  const bad = COLORS[severity];
  const [lower, upper] = isFloor ? [bad, 'transparent'] : ['transparent', bad];
  return {
    mode: 'absolute',
    steps: [
      { color: lower, value: null },
      { color: upper, value: at },
    ],
  };
}

const fieldsOf = ({ unit, threshold }: Panel) => ({
  unit,
  min: 0,
  color: { mode: 'palette-classic' },
  custom: {
    lineWidth: 1,
    fillOpacity: 10,
    showPoints: 'auto',
    thresholdsStyle: { mode: threshold === undefined ? 'off' : 'dashed+area' },
  },
  ...(threshold === undefined ? {} : { thresholds: thresholdsOf(threshold) }),
});

const textOf = ({ description, threshold }: Panel): string | undefined => {
  const alert =
    threshold && `Gridlock${threshold.alert} fires ${threshold.isFloor ? 'below' : 'above'} the dashed line.`;
  return [description, alert].filter(Boolean).join(' ') || undefined;
};

const graph = (panel: Panel, index: number) => ({
  id: index + 1,
  type: 'timeseries',
  title: panel.title,
  ...(textOf(panel) === undefined ? {} : { description: textOf(panel) }),
  datasource: DATA_SOURCE,
  gridPos: { x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
  fieldConfig: { defaults: fieldsOf(panel), overrides: [] },
  options: {
    legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
    tooltip: { mode: 'multi', sort: 'desc' },
  },
  targets: panel.queries.map(([expr, legendFormat], number) => ({
    refId: String.fromCharCode(65 + number),
    datasource: DATA_SOURCE,
    expr,
    legendFormat,
    editorMode: 'code',
    range: true,
  })),
});

/** Read again when the time range changes: pods come and go. */
const ON_TIME_RANGE = 2;
const ALPHABETICAL = 1;

const variable = ({ name, label, metric, of, first }: Variable) => ({
  name,
  label,
  type: 'query',
  datasource: DATA_SOURCE,
  query: `label_values(${metric}, ${of})`,
  definition: `label_values(${metric}, ${of})`,
  refresh: ON_TIME_RANGE,
  sort: ALPHABETICAL,
  ...(first === undefined
    ? { multi: true, includeAll: true, current: { selected: true, text: ['All'], value: ['$__all'] } }
    : { multi: false, includeAll: false, current: { selected: true, text: first, value: first } }),
});

/** How finely Grafana looks for events. */
const STEP = '15s';

const annotation = ({ name, color, expr, text }: Annotation) => ({
  name,
  datasource: DATA_SOURCE,
  enable: true,
  hide: false,
  iconColor: color,
  expr,
  step: STEP,
  titleFormat: name,
  textFormat: text,
});

/** A board in Grafana's JSON model. Pure. */
export const dashboard = ({ uid, title, variables, annotations, panels }: Board) => ({
  uid,
  title,
  tags: ['gridlock'],
  schemaVersion: 39,
  editable: false,
  graphTooltip: 1,
  refresh: '10s',
  time: { from: 'now-1h', to: 'now' },
  annotations: { list: annotations.map(annotation) },
  templating: {
    list: [
      { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus', current: {} },
      ...variables.map(variable),
    ],
  },
  // Links from one board to the others, which keep the reader's choice.
  links: [
    {
      title: 'Gridlock',
      type: 'dashboards',
      tags: ['gridlock'],
      asDropdown: false,
      includeVars: true,
      keepTime: true,
    },
  ],
  panels: panels.map(graph),
});
