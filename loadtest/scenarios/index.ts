import { abuse } from './abuse.ts';
import { chat } from './chat.ts';
import { failover } from './failover.ts';
import { reconnect } from './reconnect.ts';
import { rollout } from './rollout.ts';
import { rotation } from './rotation.ts';
import { scale } from './scale.ts';
import type { Scenario } from './scenario.ts';
import { smoke } from './smoke.ts';
import { soak } from './soak.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = Object.freeze({
  smoke,
  scale,
  chat,
  reconnect,
  failover,
  rollout,
  rotation,
  soak,
  abuse,
});
