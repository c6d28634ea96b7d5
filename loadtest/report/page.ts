import { CLOSE_MEANINGS, type CloseName, closeCode } from '../../services/protocol/index.ts';
import { describeGenerator, describeMachine } from '../load/describe.ts';
import type { Summary } from '../load/summary.ts';
import { type Chart, type ChartData, chartFigure, type Line } from './chart.ts';
import { clock, duration, escapeHtml, grouped, scriptJson } from './html.ts';
import { STYLE, viewAssets } from './page-assets.ts';

const meaningOf = (code: number): string => {
  const { name } = closeCode(code);
  const meaning = CLOSE_MEANINGS[name as CloseName] ?? 'A code that gridlock.v1 does not define.';
  return meaning.replaceAll('`', '');
};
const MEANT: Readonly<Record<string, string>> = { 3000: 'cut by the scenario', 1000: 'the end of the run' };
const percent = (share: number): string => `${Math.round(share * 100)} %`;
const table = (head: readonly string[], rows: readonly string[]): string =>
  `<div class="card scroll" tabindex="0" role="group" aria-label="${escapeHtml(head.find((name) => name !== ''))}"><table><thead><tr>${head
    .map((name, index) => (name === '' ? '<td></td>' : `<th${index > 0 ? ' class="n"' : ''}>${escapeHtml(name)}</th>`))
    .join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
const row = ([first, ...rest]: readonly string[]): string =>
  `<tr><td>${escapeHtml(first)}</td>${rest.map((cell) => `<td class="n">${escapeHtml(cell)}</td>`).join('')}</tr>`;

type Point = { readonly count: number; readonly p50: number | null; readonly p99: number | null };
const curve = (summary: Summary, name: string): Line[] => {
  const points = (summary.series as unknown as Record<string, readonly Point[]>)[name] ?? [];
  return [
    { label: 'p50', values: points.map(({ p50 }) => p50) },
    { label: 'p99', values: points.map(({ p99 }) => p99) },
  ];
};

function chartsOf(summary: Summary): Chart[] {
  const { series } = summary;
  const names = [...new Set(series.replicas.flatMap((replicas) => Object.keys(replicas)))].sort();
  const usage = Object.entries(series.usage);
  return [
    {
      unit: 'count',
      title: 'Connections',
      note: 'Sockets open at the end of each second.',
      lines: [{ label: 'open', values: series.open }],
    },
    {
      unit: 'count',
      title: 'Connections by replica',
      note: 'How the edge spread them.',
      lines: names.map((name) => ({ label: name, values: series.replicas.map((replicas) => replicas[name] ?? 0) })),
    },
    {
      unit: 'ms',
      title: 'Move round trip',
      note: 'From the time a move was due to its acknowledgement.',
      lines: curve(summary, 'move'),
    },
    {
      unit: 'ms',
      title: 'Delay of the generator',
      note: 'From the time a move was due until k6 made it. This is part of its round trip.',
      lines: curve(summary, 'delay'),
    },
    {
      unit: 'ms',
      title: 'Delivery lag',
      note: 'From an event to its arrival at a player.',
      lines: curve(summary, 'lag'),
    },
    {
      unit: 'ms',
      title: 'Recovery',
      note: 'From the loss of a connection until all missed events have arrived.',
      lines: curve(summary, 'resume'),
      dots: true,
    },
    {
      unit: 'ms',
      title: 'Handshakes',
      note: 'From opening a socket to the welcome: TCP, TLS, upgrade.',
      lines: curve(summary, 'handshake'),
      dots: true,
    },
    {
      unit: 'count',
      title: 'Events a second',
      note: 'Acknowledged moves, and the events that they delivered.',
      lines: [
        { label: 'delivered', values: series.deliveries },
        { label: 'moves', values: series.moves },
        ...(series.lines.some((lines) => lines > 0) ? [{ label: 'lines of chat', values: series.lines }] : []),
      ],
    },
    ...(usage.length === 0 ? [] : usageCharts(usage)),
  ];
}

type Usage = Summary['series']['usage'][string];

const usageCharts = (usage: readonly [string, Usage][]): Chart[] => [
  {
    unit: 'percent',
    title: 'CPU',
    note: 'Share of one core. The CPU that k6 uses is not available to the cluster.',
    lines: usage.map(([label, samples]) => ({ label, values: samples.map((second) => second?.cpu ?? null) })),
  },
  {
    unit: 'MiB',
    title: 'Memory',
    note: 'Resident bytes.',
    lines: usage.map(([label, samples]) => ({
      label,
      values: samples.map((second) => (second ? second.residentBytes / 2 ** 20 : null)),
    })),
  },
];

/** The failed checks, and folded below them those that passed. */
function checks(thresholds: Summary['thresholds']): string {
  const rows = (some: Summary['thresholds']) =>
    some
      .map(
        ({ name, passed: held, value }) =>
          `<tr><td class="v ${held ? 'passed' : 'failed'}">` +
          `${held ? '✓ holds' : '✗ failed'}</td><td class="w">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
      )
      .join('');
  const of = (some: Summary['thresholds']) =>
    `<div class="scroll" tabindex="0" role="group" aria-label="Checks"><table><thead><tr><td></td><th>what was asked</th><th>what came</th></tr></thead><tbody>${rows(some)}</tbody></table></div>`;
  const [failed, held] = [thresholds.filter(({ passed }) => !passed), thresholds.filter(({ passed }) => passed)];
  const count = held.length === 1 ? '1 check holds' : `${held.length} checks hold`;
  return `<h2>Checks</h2>${failed.length === 0 ? '' : `<div class="card">${of(failed)}</div>`}${
    held.length === 0 ? '' : `<details class="card"><summary>${count}</summary>${of(held)}</details>`
  }`;
}

const users = (count: number): string => (count === 1 ? '1 virtual user' : `${grouped(count)} virtual users`);

function tiles(summary: Summary): string {
  const { metrics, counters, sockets, recovered_rate: recovered } = summary;
  const of = (name: string) => metrics[name];
  const tile = (name: string, value: string, more = '') =>
    `<div class="tile"><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}<small>${escapeHtml(more)}</small></dd></div>`;
  const failed = summary.thresholds.filter(({ passed }) => !passed).length;
  return `<dl class="tiles">${[
    tile(
      'Thresholds',
      `${summary.thresholds.length - failed} of ${summary.thresholds.length}`,
      failed === 0 ? 'all hold' : `${failed} failed`,
    ),
    tile('Sockets held', grouped(sockets.most), `of ${grouped(sockets.wanted)}, by ${users(sockets.vus)}`),
    tile('Move, p99', duration(of('move_round_trip_ms')?.p99), `p50 ${duration(of('move_round_trip_ms')?.p50)}`),
    tile('Delivery, p99', duration(of('delivery_lag_ms')?.p99), `p50 ${duration(of('delivery_lag_ms')?.p50)}`),
    tile(
      'Resume, p99',
      duration(of('resume_ms')?.p99),
      recovered.rate === null
        ? 'none'
        : `${(recovered.rate * 100).toFixed(1)} % of ${grouped(recovered.samples)} exact`,
    ),
    tile(
      'Lost moves',
      grouped(counters['lost_acked_moves'] ?? 0),
      `of ${grouped(counters['acked_moves'] ?? 0)} acknowledged`,
    ),
    tile(
      'Gaps, duplicates',
      `${counters['gaps'] ?? 0}, ${counters['duplicates'] ?? 0}`,
      `in ${grouped(counters['deliveries'] ?? 0)} events`,
    ),
  ].join('')}</dl>`;
}

function details(summary: Summary): string {
  const cpu = Object.entries(summary.cpu);
  const codes = Object.entries(summary.closeCodes);
  const total = Object.values(summary.replicas).reduce((sum, count) => sum + count, 0);
  return `<h2>Times</h2>${table(
    ['', 'samples', 'p50', 'p95', 'p99', 'max'],
    Object.entries(summary.metrics).map(([name, { samples, p50, p95, p99, max }]) =>
      row([name, grouped(samples), ...[p50, p95, p99, max].map(duration)]),
    ),
  )}
<h2>Counted</h2><div class="pair">
${table(
  ['counter', ''],
  Object.entries(summary.counters).map(([name, value]) => row([name, grouped(value)])),
)}
<div>${table(
    ['closed with', ''],
    codes.length === 0
      ? [row(['none', '0'])]
      : codes.map(([code, value]) => row([`${code} ${MEANT[code] ?? meaningOf(Number(code))}`, grouped(value)])),
  )}
<br>${table(
    ['replica', 'sockets', 'share'],
    Object.entries(summary.replicas).map(([name, value]) =>
      row([name, grouped(value), percent(value / Math.max(1, total))]),
    ),
  )}
<br>${
    cpu.length === 0
      ? ''
      : table(
          ['CPU of one core', 'mean', 'busiest second'],
          cpu.map(([name, { mean, most }]) => row([name, percent(mean), percent(most)])),
        )
  }</div></div>`;
}

/** The report of a run: one file that needs no other, with k6's own dashboard in it where there is one. */
export async function reportPage(summary: Summary, dashboard: string | undefined): Promise<string> {
  const { scenario, target, startedAt, seconds, passed, marks, thresholds, machine } = summary;
  const verdict = passed ? '<span class="verdict passed">passed</span>' : '<span class="verdict failed">failed</span>';
  const { script, style } = await viewAssets();
  const charts = chartsOf(summary);
  const drawn: ChartData = { charts, marks };
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(scenario)} ${passed ? 'passed' : 'failed'} – Gridlock load run</title><style>${style}${STYLE}</style></head><body><main>
<h1>${escapeHtml(scenario)} ${verdict}</h1>
<p>${escapeHtml(startedAt.replace('T', ' ').slice(0, 19))} UTC · ${clock(seconds)} min · target ${escapeHtml(target)} · ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB · k6 ${escapeHtml(summary.k6)} · commit ${escapeHtml(summary.commit)}</p>
<p>The machine meanwhile: ${escapeHtml([describeMachine(summary), describeGenerator(summary)].filter((text) => text).join('. Of the generator: '))}.</p>
${tiles(summary)}
<h2>Curves</h2>${
    marks.length === 0
      ? ''
      : `<div class="card"><ol class="marks">${marks
          .map(({ at, text }) => `<li><time>${clock(at)}</time> ${escapeHtml(text)}</li>`)
          .join('')}</ol></div><br>`
  }
<noscript><p>A script draws the curves, and this browser does not run it. The figures below do not need it.</p></noscript>
<div class="charts">${charts.map(chartFigure).join('\n')}</div>
${checks(thresholds)}
${
  summary.said.length === 0
    ? ''
    : `<h2>What k6 and the cluster said</h2><div class="card"><ul class="marks">${summary.said
        .map((line) => `<li>${escapeHtml(line)}</li>`)
        .join('')}</ul></div>`
}
${details(summary)}
${
  dashboard === undefined
    ? ''
    : `<h2>k6's own dashboard</h2><details class="card"><summary>Show what k6 exported</summary>
<iframe title="k6 dashboard" sandbox="allow-scripts" loading="lazy" srcdoc="${escapeHtml(dashboard)}"></iframe></details>`
}
</main><script type="application/json" id="charts">${scriptJson(drawn)}</script><script>${script}</script></body></html>
`;
}
