import { autoscalingTurnedOff, minimumRaised } from './autoscaling.ts';
import { edgePodRemoved, edgeReplaced } from './edge.ts';
import { redisKept, redisReshaped } from './redis.ts';
import { flagsKept, impossibleRefused } from './refusals.ts';
import { rotated } from './rotation.ts';
import type { Scenario, Scene } from './scenario.ts';
import * as scenarios from './scenarios.ts';
import { besideAnother } from './second-stack.ts';
import type { StackSystem, System } from './system.ts';

/** The default number of sockets in a crowd. */
export const SOCKETS = 200;

const crowded = async ({ crowd }: Scene): Promise<void> => crowd.grow(Math.max(0, SOCKETS - crowd.size));

/** Checks and faults for any system. */
const ANY: readonly Scenario[] = [
  { name: 'restricted', title: 'every pod under restricted', run: ({ system }) => scenarios.underRestricted(system) },
  { name: 'trust', title: 'only the root is trusted', run: ({ system }) => scenarios.onlyTheRootIsTrusted(system) },
  { name: 'game', title: 'a game over wss', run: ({ system }) => scenarios.game(system) },
  { name: 'pod-killed', title: 'a pod killed in mid-game', run: ({ system }) => scenarios.podKilled(system) },
  { name: 'rollout', title: 'a rolling update in mid-game', run: ({ system }) => scenarios.rollingUpdate(system) },
  { name: 'node-drained', title: 'a node drained in mid-game', run: ({ system }) => scenarios.nodeDrained(system) },
  { name: 'budget', title: 'a second eviction refused', run: ({ system }) => scenarios.budgetKept(system) },
  { name: 'redis-kept', title: 'a single Redis not evicted', run: ({ system }) => redisKept(system) },
];

/** Changes to a stack of the Pulumi engine. */
const OF_A_STACK: readonly Scenario<StackSystem>[] = [
  { name: 'refusals', title: 'impossible changes refused', run: ({ system }) => impossibleRefused(system) },
  { name: 'flags', title: 'flags remembered', run: ({ system }) => flagsKept(system) },
  {
    name: 'edge-pod',
    title: 'a pod of the edge deleted',
    run: (scene) => crowded(scene).then(() => edgePodRemoved(scene)),
  },
  {
    name: 'redis',
    title: 'Redis from single to sentinel and back in mid-game',
    run: ({ system }) => redisReshaped(system),
  },
  { name: 'edge', title: 'the other edge and back in mid-game', run: ({ system }) => edgeReplaced(system) },
  { name: 'minimum', title: 'a higher minimum of replicas', run: ({ system }) => minimumRaised(system) },
  { name: 'autoscaling', title: 'autoscaling off and on', run: ({ system }) => autoscalingTurnedOff(system) },
  { name: 'second-stack', title: 'a second stack next to the first', run: ({ system }) => besideAnother(system) },
];

/** The scenarios of a system, in their order. */
export function scenariosOf(system: System): Scenario[] {
  const inspections = system.inspections.map(
    ([title, run]): Scenario => ({ name: 'unchanged', title, run: () => run() }),
  );
  const rotations = system.rotations.map(
    (step): Scenario => ({
      name: 'rotation',
      title: `rotation: ${step}`,
      run: (scene) => crowded(scene).then(() => rotated(system, step, scene.crowd)),
    }),
  );
  const scaling: Scenario = {
    name: 'scaling',
    title: 'one more replica for more sockets',
    run: ({ crowd }) => scenarios.scaledOut(system, (total) => crowd.grow(Math.max(0, total - crowd.size))),
  };
  const { stack } = system;
  return [
    ...ANY,
    ...inspections,
    ...rotations,
    ...(stack === undefined
      ? []
      : OF_A_STACK.map(({ run, ...rest }) => ({ ...rest, run: ({ crowd }: Scene) => run({ system: stack, crowd }) }))),
    ...(system.config.autoscaling === 'none' ? [] : [scaling]),
  ];
}
