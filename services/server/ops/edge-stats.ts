import { lookup } from 'node:dns/promises';
import { get } from 'node:http';
import type { EdgeNow } from '../../protocol/operations.ts';

const TIMEOUT_MS = 2000;
const MOST_BYTES = 1 << 20;
/** The part of the edge that players use. */
const FRONTEND = 'https';

/** The counters since the start of the edge. */
interface Counted {
  readonly at: number;
  readonly handshakes: number;
  readonly requests: number;
  readonly refusals: ReadonlyMap<string, number>;
}

const UNKNOWN =
  'Nothing tells this replica where the figures of the edge are (EDGE_METRICS_URL). On Kubernetes Grafana shows them.';

/** What the edge counts, read from its exporter on an internal port. */
export class EdgeStats {
  readonly #url: URL | undefined;
  #before: Counted | undefined;

  /** `http://host:port` of the exporter; undefined where it cannot be reached. */
  constructor(url: string | undefined) {
    this.#url = url === undefined ? undefined : new URL(url);
  }

  /** Never rejects: what is wrong is part of the answer. */
  async read(now = Date.now()): Promise<EdgeNow> {
    if (this.#url === undefined) return { at: now, problem: UNKNOWN };
    try {
      const [figures, refused] = await Promise.all([
        ask(this.#url, '/metrics?scope=global&scope=frontend'),
        ask(this.#url, '/refusals'),
      ]);
      return this.#take(now, samplesOf(figures), samplesOf(refused));
    } catch (error) {
      this.#before = undefined;
      return { at: now, problem: `The edge does not tell its figures: ${(error as Error).message}.` };
    }
  }

  #take(at: number, figures: Samples, refused: Samples): EdgeNow {
    const value = (name: string, proxy?: string) =>
      figures.find((sample) => sample.name === name && sample.labels['proxy'] === proxy)?.value ?? 0;
    const counted: Counted = {
      at,
      handshakes: value('haproxy_process_ssl_connections_total'),
      requests: value('haproxy_frontend_http_requests_total', FRONTEND),
      refusals: new Map(refused.map(({ labels, value: count }) => [labels['reason'] ?? '', count])),
    };
    const before = this.#before;
    this.#before = counted;
    const seconds = before === undefined ? 0 : (at - before.at) / 1000;
    // Less than before: the edge was started again.
    const rate = (later: number, earlier: number | undefined) =>
      seconds > 0 && earlier !== undefined && later >= earlier ? (later - earlier) / seconds : null;
    return {
      at,
      sessions: value('haproxy_frontend_current_sessions', FRONTEND),
      sessionLimit: value('haproxy_frontend_limit_sessions', FRONTEND),
      handshakesPerSecond: rate(counted.handshakes, before?.handshakes),
      requestsPerSecond: rate(counted.requests, before?.requests),
      refusals: [...counted.refusals].map(([reason, total]) => ({
        reason,
        total,
        perSecond: rate(total, before?.refusals.get(reason)),
      })),
    };
  }
}

type Samples = readonly {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}[];

/** The samples of a text as Prometheus reads it. */
export function samplesOf(text: string): Samples {
  return [...text.matchAll(/^([a-z_]+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name, labels = '', value]) => ({
    name: name!,
    labels: Object.fromEntries([...labels.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, label, text]) => [label!, text!])),
    value: Number(value),
  }));
}

/** By address: the edge does not answer to names, which a page elsewhere could let lead to it. */
async function ask(url: URL, path: string): Promise<string> {
  const { address: host, family } = await lookup(url.hostname.replace(/^\[|\]$/g, ''));
  const port = Number(url.port || 80);
  const headers = { host: `${family === 6 ? `[${host}]` : host}:${port}` };
  return new Promise((resolve, reject) => {
    // Without the global agent, which may go through a proxy.
    const request = get({ host, port, path, headers, agent: false, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > MOST_BYTES) response.destroy(new Error('it says more than fits'));
      });
      response.on('error', reject);
      response.on('end', () =>
        response.statusCode === 200 ? resolve(text) : reject(new Error(`it answers ${response.statusCode}`)),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
    request.on('error', reject);
  });
}
