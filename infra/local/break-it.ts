import type { BreakPart } from '../../services/protocol/break-it.ts';
import { ApiKeys } from '../../services/server/api/api-keys.ts';
import type { Config } from '../config/config.ts';
import { localOrigins } from '../config/origin.ts';
import { BreakAccess } from './break-access.ts';
import { BreakServer } from './break-server.ts';
import { rotateLeaf } from './certificate-renewal.ts';
import { operatorKeysOf } from './replica-process.ts';
import type { StatePaths } from './state-paths.ts';
import { type Breakable, Strikes } from './strikes.ts';

/** Breaks parts of a running cluster on request. */
export interface Breaker {
  close(): void;
}

/** Starts to accept requests to break parts of a cluster. */
export async function startBreaker(
  config: Config,
  paths: StatePaths,
  cluster: Breakable,
  report: (line: string) => void,
): Promise<Breaker> {
  const { host, port, certificateFile } = config;
  const keys = new ApiKeys({ file: operatorKeysOf(config, paths), onFailure: (line) => report(line) });
  // Only the user can renew their own certificate.
  const parts: BreakPart[] = ['replica', 'redis', 'edge', ...(certificateFile === '' ? ['certificate' as const] : [])];
  const strikes = new Strikes({ cluster, parts, rotateLeaf: () => rotateLeaf(paths.pki), report });
  // Pages that may connect to play may not break anything.
  const access = new BreakAccess({ origins: localOrigins({ host, port }), keys });
  const server = await new BreakServer({ socketPath: paths.breakSocket, access, strikes }).listen();
  return {
    close() {
      server.close();
      keys.stop();
    },
  };
}
