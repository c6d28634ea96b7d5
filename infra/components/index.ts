// The exports of the package: the parts of a cluster of any WebSocket server.
export { Autoscaling, type AutoscalingArgs } from './autoscaling/autoscaling.ts';
export { Edge } from './edge/edge.ts';
export type { EdgeArgs } from './edge/edge-args.ts';
export { NetworkPolicies, type NetworkPoliciesArgs } from './network-policies/network-policies.ts';
export type { PartArgs, PodOptions } from './part.ts';
export { RedisSentinel } from './redis/redis-sentinel.ts';
export { RedisSingle } from './redis/redis-single.ts';
export { Replicas } from './replicas/replicas.ts';
export type { ReplicasArgs } from './replicas/replicas-args.ts';
export { WebSocketCluster } from './web-socket-cluster.ts';
export type { WebSocketClusterArgs } from './web-socket-cluster-args.ts';
