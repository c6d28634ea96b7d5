import type { Sample } from './measure.ts';
import { busyCores, type Capacity, type Measured, type Plan, TIERS } from './model.ts';
import { checkPlan } from './plan-check.ts';

/** How far a prediction may be off. */
const TOLERANCE = 0.25;

const whole = (number: number) => Math.round(number).toLocaleString('en');
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
const NAMES = { replicas: 'replicas', edge: 'edge instances', redis: 'Redis shards' } as const;

/** The resources that a plan needs, with all of its assumptions. */
export function describePlan(measured: Measured, plan: Plan, capacity: Capacity): string {
  const { processes, busyCores: cores, memory, bill } = capacity;
  const rows = (['replicas', 'edge', 'redis'] as const).map(
    (tier) =>
      `  ${NAMES[tier].padEnd(16)}${String(processes[tier]).padStart(6)}   ${cores[tier].toFixed(1).padStart(7)} cores busy   ` +
      `${gigabytes(memory[tier]).padStart(9)}${tier === 'redis' ? '   each with a replica' : '   one of them to spare'}`,
  );
  return [
    `${whole(plan.players)} players, ${whole(plan.playing * 100)} % in ${whole(capacity.games)} games: ` +
      `${whole(capacity.movesPerSecond)} moves and ${whole(capacity.eventsPerSecond)} deliveries a second`,
    '',
    ...rows,
    '',
    `  a month           $${whole(bill.total)}   (cores $${whole(bill.cores)}, memory $${whole(bill.memory)}, ` +
      `traffic of ${whole(capacity.egressPerMonth / 1e12)} TB $${whole(bill.egress)}, balancer $${whole(bill.balancer)})`,
    '',
    'Load of one process when one replica and one edge are missing, and the most that was measured:',
    ...checkRows(measured, plan, capacity),
    '',
    'Assumed:',
    `  - costs as measured ${measured.at.slice(0, 10)} at ${measured.commit} on ${measured.machine} with ${measured.versions};`,
    `    a core there counts as ${plan.coreSpeed}; the games were played over ${measured.replicas} replicas, which each event goes to`,
    `  - every process has one core and uses ${whole(plan.utilisation * 100)} % of it at this load; one replica and one edge may be missing`,
    `  - a replica holds at most ${whole(plan.socketsPerReplica)} sockets; the players of a lost one are back within ${plan.reconnectSeconds} s`,
    `  - a socket has ${whole(plan.kernelBytesPerSocket / 1024)} KiB of kernel buffers at each tier, a game ${whole(plan.redisBytesPerGame / 1024)} KiB in Redis`,
    `  - an event is ${plan.bytesPerEvent} bytes on the wire; the load lasts all month; prices by --price-core, --price-gb, --price-egress`,
    '  - the cost of an event does not grow with the number of replicas: a game is announced only to those of its players',
    `  - games spread evenly over the shards by their hash slots; a shard has connections from ${whole(processes.replicas)} replicas, measured with ${measured.replicas}`,
    '  - the shared data of the whole cluster is on one shard and small: quick match, the number of open games, the list of replicas',
    '  - no messages to all players: a line in the lobby would be delivered to every player, and is not counted',
    '  - a balancer of connections spreads them evenly over the edges; it, the network between machines, and disks were not measured',
    '  - beyond the measurements, costs stay as measured: more sockets and games do not slow a process down',
    '',
  ].join('\n');
}

function checkRows(measured: Measured, plan: Plan, capacity: Capacity): string[] {
  return checkPlan(measured, plan, capacity).map(({ process, what, asked, measured: most }) => {
    const verdict = asked <= most ? 'measured' : `${(asked / most).toFixed(1)} times as much as was measured`;
    return `  ${process.padEnd(12)} ${what.padEnd(20)} ${whole(asked).padStart(9)} ${whole(most).padStart(9)}   ${verdict}`;
  });
}

/** A prediction next to a measurement at a size that the figures do not come from. */
export function describeCheck(measured: Measured, sample: Sample): { text: string; isGood: boolean } {
  let isGood = true;
  const rows = TIERS.map((tier) => {
    const [predicted, found] = [busyCores(measured, tier, sample.eventsPerSecond), sample.cpu[tier] / 1e6];
    const off = found / predicted - 1;
    if (!(Math.abs(off) <= TOLERANCE)) isGood = false;
    return `  ${tier.padEnd(10)} predicted ${predicted.toFixed(3)} cores, measured ${found.toFixed(3)} (${off >= 0 ? '+' : ''}${whole(off * 100)} %)`;
  });
  const text = [
    `${sample.players} players, ${whole(sample.eventsPerSecond)} deliveries a second; fitted at ${measured.fittedAt.join(', ')} players`,
    ...rows,
    isGood ? `within ${TOLERANCE * 100} %` : `off by more than ${TOLERANCE * 100} %`,
    '',
  ].join('\n');
  return { text, isGood };
}
