// Carries out its parent's steps on the authority of a directory, one after the other, until the parent ends.
import { readFileSync } from 'node:fs';
import { acceptRoot, issueFromNextRoot, readChain, retireRoot, rotate } from '../../certs/index.ts';
import type { Answer } from './rotation-worker.ts';
import type { Done, Step } from './step.ts';

const dir = process.argv[2]!;

const work: Record<Step, () => Promise<{ edge: string }>> = {
  leaf: () => rotate({ dir, role: 'leaf' }),
  intermediate: () => rotate({ dir, role: 'intermediate' }),
  accept: () => acceptRoot({ dir }),
  issue: () => issueFromNextRoot({ dir, distributed: true }),
  retire: () => retireRoot({ dir }),
};

async function done(step: Step): Promise<Done> {
  const start = performance.now();
  const { edge } = await work[step]();
  const tookMs = performance.now() - start;
  const chain = readChain(dir);
  const { serialNumber } = chain.certificates.find(({ role }) => role === 'leaf')!;
  return { step, tookMs, edge, serialNumber, bundle: readFileSync(chain.trustPath, 'utf8') };
}

const answer = (what: Answer | 'ready') => process.send?.(what);

process.on('message', (step: Step) => {
  done(step).then(
    (result) => answer({ done: result }),
    (error: Error) => answer({ failed: error.message }),
  );
});
// Otherwise the first rotation would load the signing code, and take longer than the others.
await import('../../certs/x509/issuance.ts');
answer('ready');
