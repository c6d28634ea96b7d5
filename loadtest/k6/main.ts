// The script of k6 for every scenario: the plan in its environment describes the players.
import exec from 'k6/execution';
import type { Options } from 'k6/options';
import { Abuser } from './abuser.ts';
import { type Plan, SETTLE_SECONDS } from './plan.ts';
import { VirtualUser } from './virtual-user.ts';

const plan = JSON.parse(__ENV['GRIDLOCK_PLAN']!) as Plan;
/** Time between set-up and the first socket, when every virtual user is running. */
const HEAD_START_MS = 1000;

export const options: Options = {
  scenarios: {
    players: {
      executor: 'per-vu-iterations',
      vus: plan.vus + (plan.abuse.length > 0 ? 1 : 0),
      iterations: 1,
      maxDuration: `${plan.seconds + SETTLE_SECONDS + 10}s`,
      gracefulStop: '5s',
    },
  },
  thresholds: Object.fromEntries(Object.entries(plan.thresholds).map(([name, tests]) => [name, [...tests]])),
  summaryTrendStats: ['count', 'avg', 'min', 'med', 'p(95)', 'p(99)', 'max'],
  systemTags: ['name', 'scenario', 'status'],
  // The source addresses of `--local-ips` are IPv4.
  dns: { ttl: '5m', select: 'first', policy: 'preferIPv4' },
  setupTimeout: '30s',
};

export function setup(): { startAt: number } {
  return { startAt: Date.now() + HEAD_START_MS };
}

export default function players({ startAt }: { startAt: number }): void | Promise<void> {
  const vu = exec.vu.idInTest;
  return vu > plan.vus ? new Abuser(plan, startAt).run() : new VirtualUser(plan, startAt, vu).run();
}

export function handleSummary(data: unknown): Record<string, string> {
  return { [plan.summaryFile]: JSON.stringify(data) };
}
