// Metrics of the edge on an internal port, in addition to HAProxy's exporter.
import { errorReply, quote, REFUSAL_REASONS, type RequestRule, type ReturnRule } from './rules.ts';
import { escapedText } from './syntax.ts';

/** Where the counters of refused requests are served, next to `/metrics`. */
export const REFUSALS_PATH = '/refusals';
export const REFUSALS_METRIC = 'gridlock_edge_refused_requests_total';

/** The path of the report on certificates that an authority behind the edge renews, on the same port. */
export const CERTIFICATES_PATH = '/certificates';

/** localhost or an address, with any port. */
const ADDRESS_HOST = String.raw`^(localhost|[0-9.]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`;

/**
 * The name of a page elsewhere can resolve to this address, but no browser sends an address as the host of such a page.
 */
export const addressOnly: RequestRule = Object.freeze({
  action: 'return',
  reply: errorReply(421, 'misdirected', 'Ask by address.'),
  when: { unless: `{ req.hdr(host) -m reg ${quote(ADDRESS_HOST)} }` },
});

/** How many requests were refused, by reason, as Prometheus reads it. */
export function refusalMetrics(table: string): ReturnRule {
  const counts = REFUSAL_REASONS.map(
    (reason) => `${REFUSALS_METRIC}{reason="${reason}"} %[str(${reason}),table_http_req_cnt(${table})]\n`,
  );
  const head = `# HELP ${REFUSALS_METRIC} Requests that the edge refused.\n# TYPE ${REFUSALS_METRIC} counter\n`;
  const body = { format: 'lf-string', content: escapedText(`${head}${counts.join('')}`) } as const;
  return {
    action: 'return',
    reply: { status: 200, contentType: 'text/plain', body },
    when: { if: `{ path ${REFUSALS_PATH} }` },
  };
}
