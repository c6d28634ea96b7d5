// Shared by the tests of the edge: an edge for a user's server, without the configuration of Gridlock.
import { record } from '../../render/recorder.ts';
import { Edge } from './edge.ts';
import type { CommonEdgeArgs, ControllerEdgeArgs, EdgeArgs, HaproxyEdgeArgs } from './edge-args.ts';

export const RELEASE = 'kubernetes:helm.sh/v3:Release';
export const INGRESS = 'kubernetes:networking.k8s.io/v1:Ingress';
export const DEPLOYMENT = 'kubernetes:apps/v1:Deployment';
export const SERVICE = 'kubernetes:core/v1:Service';
export const SECRET = 'kubernetes:core/v1:Secret';
export const CONFIG_MAP = 'kubernetes:core/v1:ConfigMap';
export const of = (kind: string) => `kubernetes:ingress.v3.haproxy.org/v3:${kind}`;

/** The common arguments of every edge in the tests. */
export const common = {
  namespace: 'apps',
  cluster: 'chat',
  host: 'chat.example',
  server: { stickiness: { by: 'cookie' }, socketPaths: ['/socket'], healthPath: '/up' },
  replicas: { service: 'chat', headlessService: 'chat-headless', port: 3000, slots: 24 },
  certificateSecret: 'chat-edge-tls',
} as const satisfies CommonEdgeArgs;

export const GRIDLOCK = { design: 'stateless', heartbeatMs: 15_000 } as const;

const chart = { chart: 'kubernetes-ingress', version: '1.52.1', repositoryOpts: { repo: 'https://charts.example' } };
export const controllerArgs: ControllerEdgeArgs = { kind: 'controller', ...common, chart };
export const haproxyArgs: HaproxyEdgeArgs = { kind: 'haproxy', ...common, agentImage: 'agent.example/agent:1' };
export const existingArgs: EdgeArgs = { kind: 'existing-controller', ...common };

export const run = (args: EdgeArgs, preview = false) =>
  record(
    () => {
      const { url, address } = new Edge('edge', args);
      return { url, address };
    },
    { preview },
  );
export type Made = Awaited<ReturnType<typeof run>>;
export type Fields = Record<string, unknown>;
export const spec = (recording: Made, kind: string, name?: string) =>
  recording.one(of(kind), name).inputs['spec'] as Fields;

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  restartPolicy?: string;
  env?: { name: string; value?: string; valueFrom?: object }[];
  ports: { name: string; containerPort: number }[];
  lifecycle?: { preStop: { exec?: { command: string[] }; httpGet?: object } };
  securityContext: Record<string, unknown>;
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  resources: { requests: object; limits: object };
  startupProbe: object;
  readinessProbe: object;
  livenessProbe: object;
}
export interface Pod extends Fields {
  initContainers: Container[];
  containers: Container[];
  volumes: { name: string; emptyDir?: object }[];
  terminationGracePeriodSeconds: number;
  automountServiceAccountToken: boolean;
  securityContext: Record<string, unknown>;
}
export interface DeploymentSpec {
  replicas: number;
  strategy: object;
  selector: { matchLabels: Record<string, string> };
  template: { metadata: { labels: Record<string, string>; annotations: Record<string, string> }; spec: Pod };
}
export const deployment = (recording: Made) => recording.one(DEPLOYMENT).inputs['spec'] as DeploymentSpec;

/** Whether the three probes differ, or at least ask in three different ways. */
export const probesOf = ({ startupProbe, readinessProbe, livenessProbe }: Container): string[] =>
  [startupProbe, readinessProbe, livenessProbe].map((each) => JSON.stringify(each));
