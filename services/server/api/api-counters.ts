import { readFileSync } from 'node:fs';
import type { Metrics } from '../ops/metrics.ts';

/** The OpenAPI description, as the server serves it. */
export const OPENAPI = new URL('./openapi.json', import.meta.url);

interface Operation {
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Each route by its name in the metrics, with every status in its description. */
function routesOf(description: string): readonly (readonly [route: string, statuses: readonly string[]])[] {
  const { paths } = JSON.parse(description) as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, { responses }]) => {
      if (responses === undefined) return [];
      const route = `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`;
      return [[route, Object.keys(responses)] as const];
    }),
  );
}

/** A request without a valid key has no name. */
const NOBODY = '';
const NOT_LET_IN = ['401', '429'];

/**
 * Starts the series of these backends with 0, so that `rate()` sees their first requests. Existing series stay as they
 * are.
 */
export function beginCounting({ apiRequests }: Pick<Metrics, 'apiRequests'>, backends: readonly string[]): void {
  for (const [route, statuses] of routesOf(readFileSync(OPENAPI, 'utf8'))) {
    for (const backend of backends) {
      for (const status of statuses) apiRequests.inc({ backend, route, status }, 0);
    }
    for (const status of NOT_LET_IN) {
      if (statuses.includes(status)) apiRequests.inc({ backend: NOBODY, route, status }, 0);
    }
  }
}
