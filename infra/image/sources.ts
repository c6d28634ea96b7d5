import { existsSync, globSync } from 'node:fs';
import path from 'node:path';

/** What the image is made of, by the name it has in `/app`; paths are relative to the repository. */
export interface Sources {
  /** `main` -> `services/server/main.ts`: bundled into `/app/main.mjs`. */
  readonly entryPoints: Readonly<Record<string, string>>;
  /** Files the bundled code reads at run time, kept at the same path below `/app`. */
  readonly assets: readonly string[];
}

const ENTRY_POINTS = {
  main: 'services/server/main.ts',
  'metrics-api': 'services/metrics-api/main.ts',
  'edge-agent': 'infra/edge/agent/main.ts',
};

/** Finds the sources in a checkout. */
export function findSources(root: string): Sources {
  const present = Object.entries(ENTRY_POINTS).filter(([, file]) => existsSync(path.join(root, file)));
  return {
    entryPoints: Object.fromEntries(present),
    assets: globSync('services/server/**/*.lua', { cwd: root })
      .map((file) => file.replaceAll('\\', '/'))
      .sort(),
  };
}
