import { record } from '../../render/recorder.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';
import { Replicas } from './replicas.ts';
import type { ReplicasArgs } from './replicas-args.ts';

export const [DEPLOYMENT, SERVICE, SECRET] = [
  'kubernetes:apps/v1:Deployment',
  'kubernetes:core/v1:Service',
  'kubernetes:core/v1:Secret',
] as const;

/** A user's server. */
export const CHAT: ReplicasArgs = { namespace: 'apps', image: 'registry.example/chat:1', replicas: 4 };

export const REDIS: RedisConnection = {
  env: [{ name: 'REDIS_URL', value: 'rediss://chat-redis.apps.svc:6379' }],
  passwordSecret: { name: 'chat-redis-password', key: 'password' },
  trust: { configMap: 'chat-roots', key: 'roots.pem' },
  checksum: 'abc',
  ready: undefined,
  ports: [6379],
};

interface Container {
  image: string;
  command?: string[];
  args?: string[];
  env: { name: string; value?: string; valueFrom?: object }[];
  lifecycle: { preStop: { exec?: { command: string[] } } };
  resources: { limits: object; requests: object };
  securityContext: Record<string, unknown>;
  volumeMounts: { mountPath: string; readOnly?: boolean }[];
  ports: { name: string; containerPort: number }[];
  [probe: string]: unknown;
}

export interface DeploymentInputs {
  metadata: { name: string; annotations?: Record<string, string> };
  spec: {
    replicas?: number;
    strategy: object;
    minReadySeconds: number;
    progressDeadlineSeconds: number;
    template: {
      metadata: { annotations: Record<string, string>; labels: Record<string, string> };
      spec: { containers: [Container]; [key: string]: unknown };
    };
  };
}

/** The replicas of `CHAT` with these changes, as the program registers them. */
export const runChat = (changes: Partial<ReplicasArgs> = {}, preview = false) =>
  record(
    () => {
      const { ports, checkPort } = new Replicas('chat', { ...CHAT, ...changes });
      return { ports, checkPort };
    },
    { preview },
  );

export const deploymentOf = async (changes?: Partial<ReplicasArgs>) =>
  (await runChat(changes)).one(DEPLOYMENT).inputs as unknown as DeploymentInputs;

export const containerOf = async (changes?: Partial<ReplicasArgs>) =>
  (await deploymentOf(changes)).spec.template.spec.containers[0];
