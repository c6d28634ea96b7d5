import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { PartArgs, PodOptions } from '../part.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';

/** A question to a replica. */
export interface Probe {
  /** A path that answers 2xx or 3xx; default: the port takes a connection. */
  readonly path?: string;
  /** Default: the port of the sockets. */
  readonly port?: number;
}

/** Files that a replica reads, from a Secret or a ConfigMap of its namespace. */
export interface MountedFiles {
  /** Name of the volume. */
  readonly name: string;
  readonly directory: string;
  readonly secret?: pulumi.Input<string>;
  readonly configMap?: pulumi.Input<string>;
  /** Which keys of it; default: all. */
  readonly keys?: readonly string[];
}

export interface ReplicasArgs extends PartArgs {
  /** Image of the server. */
  readonly image: pulumi.Input<string>;
  /** Port that it listens on, which is told to it as `PORT`; default: 8080. */
  readonly port?: number;
  /** The command of the container; default: the image's own. */
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  /** Variables in addition to `PORT`, `APPID` (the name of the pod) and, with `redis`, `REDIS_*`. */
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Variables that are kept in a Secret. A new value replaces the pods. */
  readonly secretEnvironment?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly files?: readonly MountedFiles[];
  /** Directories that the server may write, such as `/tmp`; the rest of its file system is read-only. */
  readonly writableDirectories?: readonly string[];
  /** When it is up, and how long it may take to start (default: 60 seconds). */
  readonly health?: Probe & { readonly startSeconds?: number };
  /** When it takes clients, if that is another question. */
  readonly readiness?: Probe;
  /** When it is restarted, if that is another question. Without a path it is not: only a process that ends is. */
  readonly liveness?: Probe;
  /** How many there are; at first, where they are scaled. */
  readonly replicas: number;
  /** Whether an autoscaler decides how many there are from then on. Default: false. */
  readonly scaled?: boolean;
  /** As many as there can be; default: `replicas`. */
  readonly maxReplicas?: number;
  /** How a replica ends. */
  readonly drain?: {
    /** How long it may take after the signal; default: 10. Then it is killed. */
    readonly seconds?: number;
    /** Default: SIGTERM. Another one needs a shell, `/bin/sh`, in the image, and is not to be ignored by process 1. */
    readonly signal?: string;
  };
  /** How it reaches Redis: by `REDIS_URL`, which has the password. */
  readonly redis?: RedisConnection;
  /** Whether it reads the password from the file `REDIS_PASSWORD_FILE` instead. Default: false. */
  readonly readsRedisFiles?: boolean;
  /** Where it has its metrics for Prometheus. */
  readonly metrics?: { readonly path: string; readonly port?: number };
  /** Requests and limits of its container. */
  readonly resources?: types.input.core.v1.ResourceRequirements;
  /** User and group that it runs as; default: 10001. */
  readonly runAs?: { readonly user?: number; readonly group?: number };
  /** Whether a zone may never have two replicas more than another. Default: as far as possible. */
  readonly acrossZones?: boolean;
  readonly pod?: PodOptions;
}
