// Usage: npm run reference. Writes the pages of docs/reference that are made from the code.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { WatchMetrics } from '../../certs/renewal/watch-metrics.ts';
import { catalog } from '../../cli/catalog.ts';
import { createMetrics } from '../../infra/edge/agent/agent-server.ts';
import { startRedis } from '../../services/server/testing/redis.ts';
import { startTestReplica } from '../../services/server/testing/replica.ts';
import { commandsPage } from './commands.ts';
import { configurationPage } from './configuration.ts';
import { httpApiPage } from './http-api.ts';
import { metricsPage } from './metrics.ts';
import type { ReferencePage } from './page.ts';

export const ROOT = path.resolve(import.meta.dirname, '../..');

/** The metrics of a replica that runs: parts of it add theirs when they start, and the HTTP API needs a key for that. */
async function metrics(): Promise<ReferencePage> {
  const redis = await startRedis();
  const directory = mkdtempSync(path.join(tmpdir(), 'gridlock-reference-'));
  try {
    const apiKeysFile = path.join(directory, 'api.keys');
    writeFileSync(apiKeysFile, `backend:${'k'.repeat(32)}\n`, { mode: 0o600 });
    const replica = await startTestReplica(redis.url, '1111', { apiKeysFile });
    try {
      return metricsPage({
        replica: await (await fetch(`${replica.internalUrl}/metrics`)).text(),
        agent: await createMetrics().registry.metrics(),
        renewal: await new WatchMetrics().text(),
      });
    } finally {
      await replica.drain();
    }
  } finally {
    await redis.stop();
    rmSync(directory, { recursive: true });
  }
}

/** Every generated page, as it should be. */
export const referencePages = async (): Promise<readonly ReferencePage[]> => [
  configurationPage(),
  commandsPage(await catalog()),
  httpApiPage(),
  await metrics(),
];

if (import.meta.main) {
  for (const { file, text } of await referencePages()) writeFileSync(path.join(ROOT, file), text);
}
