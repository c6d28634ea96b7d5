import { DISCOVERY, GROUP, METRICS, type Metric, VERSIONS, type Version } from './discovery.ts';
import { type Measured, metricValues } from './metric-values.ts';
import type { Target } from './pods.ts';
import { type Answer, Failure, failure } from './status.ts';

export interface ApiOptions {
  /** The one namespace that is answered for. */
  readonly namespace: string;
  /** The running pods that match a selector. */
  readonly targets: (selector: string) => Promise<readonly Target[]>;
  /** The value of a metric in one of them. */
  readonly read: (target: Target, metric: Metric) => Promise<number>;
  readonly onUnread: (pod: string, error: unknown) => void;
  readonly now?: () => Date;
}

const isOneOf = <T extends string>(list: readonly T[], text: string): text is T => list.includes(text as T);

interface Question {
  readonly version: Version;
  readonly pod: string;
  readonly metric: Metric;
  readonly selector: string;
}

/** What is asked for; throws a `Failure` for what is not there. */
function questionOf(url: URL, own: string): Question {
  const parts = url.pathname.split('/').slice(1).map(decodeURIComponent);
  const [apis, group, version = '', namespaces, namespace, resource, pod = '', metric = ''] = parts;
  const known = apis === 'apis' && group === GROUP && isOneOf(VERSIONS, version);
  if (!known || namespaces !== 'namespaces' || resource !== 'pods' || parts.length !== 8 || pod === '') {
    throw new Failure(
      404,
      `There is no ${url.pathname}; metrics are at /apis/${GROUP}/${VERSIONS[0]}/namespaces/${own}/pods/*/.`,
    );
  }
  if (namespace !== own) throw new Failure(404, `Metrics are kept of the namespace ${own}, not of ${namespace}.`);
  if (!isOneOf(METRICS, metric)) {
    throw new Failure(404, `There is no metric ${metric} of pods; there is ${METRICS.join(', ')}.`);
  }
  if (url.searchParams.get('metricLabelSelector')) {
    throw new Failure(400, `The metric ${metric} has one value a pod: leave out metricLabelSelector.`);
  }
  const selector = url.searchParams.get('labelSelector') ?? '';
  return { version, pod, metric, selector };
}

/** Answers requests that are the API server's. */
export class Api {
  readonly #options: ApiOptions;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  async answer(method: string, target: string, accept = ''): Promise<Answer> {
    const url = new URL(target, 'https://metrics-api');
    if (method !== 'GET') return failure(405, `Metrics can only be read; ${method} is not served.`);
    const document = DISCOVERY.get(url.pathname.replace(/\/$/, ''));
    if (document) {
      // Refused, it comes back for the plain documents.
      if (accept.includes('as=APIGroupDiscoveryList')) return failure(406, 'Discovery is served as application/json.');
      return { code: 200, body: document };
    }
    try {
      return { code: 200, body: await this.#values(questionOf(url, this.#options.namespace)) };
    } catch (error) {
      if (error instanceof Failure) return failure(error.code, error.message);
      if (error instanceof URIError) return failure(400, 'The path is not encoded as it should be.');
      throw error;
    }
  }

  async #values({ version, pod, metric, selector }: Question): Promise<object> {
    const { namespace, targets, read, onUnread, now = () => new Date() } = this.#options;
    const found = await targets(selector);
    const asked = pod === '*' ? found : found.filter((target) => target.pod === pod);
    if (pod !== '*' && asked.length === 0) throw new Failure(404, `No pod ${pod} runs in ${namespace} with metrics.`);
    const values = await Promise.all(
      asked.map(async (target): Promise<Measured[]> => {
        try {
          return [{ pod: target.pod, value: await read(target, metric) }];
        } catch (error) {
          onUnread(target.pod, error);
          return [];
        }
      }),
    );
    const measured = values.flat();
    // One that is missing is counted carefully by the autoscaler; when all are, it must not decide at all.
    if (measured.length === 0 && asked.length > 0) {
      throw new Failure(503, `None of ${asked.length} pods told its ${metric}; see the log of metrics-api.`);
    }
    return metricValues(version, metric, namespace, measured, now());
  }
}
