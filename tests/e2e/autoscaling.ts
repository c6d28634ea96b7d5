import assert from 'node:assert/strict';
import type { Resource } from '../../infra/cluster/kubectl.ts';
import { CLUSTER } from '../../infra/program/names.ts';
import type { StackSystem } from './system.ts';

async function replicasOf({ kubectl }: StackSystem): Promise<{ wanted: number; available: number }> {
  const { spec, status } = await kubectl.json<Resource>('get', 'deployment', CLUSTER);
  return { wanted: Number(spec?.['replicas']), available: Number(status?.['availableReplicas'] ?? 0) };
}

const autoscalers = async ({ kubectl }: StackSystem): Promise<number> => (await kubectl.list('hpa')).length;

/** When `up` ends, the configured number of replicas is available. */
export async function minimumRaised(system: StackSystem): Promise<string> {
  const { replicas } = system.config;
  const told = await system.change({ replicas: replicas + 1 });
  const { available } = await replicasOf(system);
  assert.ok(available >= replicas + 1, `${available} replicas are available when up ends`);
  await system.change({ replicas });
  return `${replicas} replicas became ${available}; ${told}`;
}

/** Without the autoscaler, the number of replicas is as configured, even if that is fewer than before. */
export async function autoscalingTurnedOff(system: StackSystem): Promise<string> {
  const { replicas, autoscaling } = system.config;
  const fewer = replicas - 1;
  await system.change({ autoscaling: 'none', replicas: fewer });
  assert.equal((await replicasOf(system)).wanted, fewer);
  assert.equal(await autoscalers(system), 0);
  await system.change({ autoscaling, replicas });
  const { available } = await replicasOf(system);
  assert.ok(available >= replicas, `${available} replicas are available when up ends`);
  if (autoscaling !== 'none') assert.equal(await autoscalers(system), 1);
  return `${fewer} without ${autoscaling}, ${available} with it again`;
}
