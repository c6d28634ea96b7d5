import { TRANSPORTS } from '../../services/protocol/index.ts';
import { ONE_ADDRESS, startCluster } from '../kit/cluster.ts';
import type { Design } from '../kit/options.ts';
import { type Measured, markdown, measure, type Plan } from './measure.ts';

/** All players come from one address. */
const MANY = 1_000_000;

/** Measures each transport on one cluster and prints a table. Resolves with the exit code. */
export async function runTransports({ design, ...plan }: Plan & { readonly design: Design }): Promise<number> {
  const cluster = await startCluster({
    design,
    requestRatePerAddress: MANY,
    refusedRatePerAddress: MANY,
    env: ONE_ADDRESS,
  });
  try {
    const measured: Measured[] = [];
    for (const transport of TRANSPORTS) measured.push(await measure(cluster, transport, plan));
    process.stdout.write(markdown(measured));
    return 0;
  } finally {
    await cluster.stop();
  }
}
