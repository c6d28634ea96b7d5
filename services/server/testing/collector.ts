import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { until } from '../../../tests/kit/wait.ts';

type Value = { stringValue?: string; intValue?: number; boolValue?: boolean };
type KeyValue = { key: string; value: Value };

/** A span as a collector receives it, with the resource that it belongs to. */
export interface CollectedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code?: number };
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, unknown>>;
}

const record = (list: readonly KeyValue[] = []): Record<string, unknown> =>
  Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));

export const nanoseconds = ({ startTimeUnixNano, endTimeUnixNano }: CollectedSpan): bigint =>
  BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano);

/** A collector that receives traces by OTLP over HTTP as JSON. With `hangs` it reads requests and never answers. */
export class Collector {
  /** The base of its address. */
  readonly url: string;
  /** Everything that it has received. */
  text = '';
  readonly spans: CollectedSpan[] = [];
  requests = 0;
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start({ hangs = false } = {}): Promise<Collector> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const collector = new Collector(server);
    server.on('request', async (request, response) => {
      let body = '';
      for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
      collector.requests += 1;
      if (hangs) return;
      if (request.url !== '/v1/traces') return void response.writeHead(404).end();
      collector.#take(body);
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
    return collector;
  }

  /** The spans with this name, once there are `atLeast` of them. */
  async named(name: string, atLeast = 1): Promise<CollectedSpan[]> {
    const found = () => this.spans.filter((span) => span.name === name);
    await until(() => found().length >= atLeast, `${atLeast} spans "${name}" arrive`, 30_000);
    return found();
  }

  /** All spans of the trace that a span belongs to. */
  traceOf({ traceId }: CollectedSpan): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId);
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #take(body: string): void {
    this.text += body;
    const { resourceSpans } = JSON.parse(body) as {
      resourceSpans: {
        resource: { attributes: KeyValue[] };
        scopeSpans: {
          spans: (Omit<CollectedSpan, 'attributes' | 'links'> & { attributes: KeyValue[]; links?: [] })[];
        }[];
      }[];
    };
    for (const { resource, scopeSpans } of resourceSpans) {
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        const { attributes, links = [], ...rest } = span;
        this.spans.push({ ...rest, links, attributes: record(attributes), resource: record(resource.attributes) });
      }
    }
  }
}
