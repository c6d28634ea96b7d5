// Mounts the attacks that its parent requests, one after the other, and ends with the parent.

import type { AttackContext } from './attack.ts';
import type { AttackRequest, AttackResponse } from './attacker.ts';
import { ATTACKS } from './attacks.ts';

const LOOK_MS = 20;
/** An attack that has not done enough may take this many times as long. */
const MOST_TIMES = 6;

const answer = (response: AttackResponse) => process.send?.(response);
let held: AttackContext['held'] = [];

async function letGo(): Promise<AttackResponse> {
  await Promise.allSettled(held.map((one) => one.close()));
  held = [];
  return { counts: {}, texts: {} };
}

async function attack({ name, ms, place }: Extract<AttackRequest, { name: string }>): Promise<AttackResponse> {
  const begin = (enough = () => true) => {
    answer({ begun: true });
    const [over, began] = [new AbortController(), performance.now()];
    const timer = setInterval(() => {
      const took = performance.now() - began;
      if (took < ms || (took < ms * MOST_TIMES && !enough())) return;
      clearInterval(timer);
      over.abort();
    }, LOOK_MS);
    return over.signal;
  };
  const { counts, texts } = await ATTACKS[name].run({ ...place, held, begin });
  return { counts, texts };
}

process.on('message', (request: AttackRequest) => {
  const done = 'letGo' in request ? letGo() : attack(request);
  done.then(answer, (error: Error) => answer({ failed: error.stack ?? error.message }));
});
process.on('disconnect', () => process.exit(0));
