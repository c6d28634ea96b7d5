import type { types } from '@pulumi/kubernetes';
import type * as pulumi from '@pulumi/pulumi';
import type { PartArgs, PodOptions } from '../part.ts';
import type { RedisConnection } from '../redis/redis-connection.ts';

/** A check of a replica. */
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
  /** Port that it listens on, which it gets as `PORT`; default: 8080. */
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
  /** How to check that it has started, and how long that may take (default: 60 seconds). */
  readonly health?: Probe & { readonly startSeconds?: number };
  /** How to check that it takes clients, when that is a different check. */
  readonly readiness?: Probe;
  /**
   * How to check that it is alive, when that is a different check. Without a path, only a process that ends is
   * restarted.
   */
  readonly liveness?: Probe;
  /** Their number; only the initial one when they are scaled. */
  readonly replicas: number;
  /** Whether an autoscaler decides their number from then on. Default: false. */
  readonly scaled?: boolean;
  /** Their largest number; default: `replicas`. */
  readonly maxReplicas?: number;
  /** How a replica ends. */
  readonly drain?: {
    /** Seconds that it may take after the signal, before it is killed; default: 10. */
    readonly seconds?: number;
    /** Default: SIGTERM. Another one needs a shell, `/bin/sh`, in the image, and process 1 must not ignore it. */
    readonly signal?: string;
  };
  /** How it reaches Redis: with `REDIS_URL`, which has the password. */
  readonly redis?: RedisConnection;
  /** Whether it reads the password from the file `REDIS_PASSWORD_FILE` instead. Default: false. */
  readonly readsRedisFiles?: boolean;
  /** The path and port of its metrics for Prometheus. */
  readonly metrics?: { readonly path: string; readonly port?: number };
  /** Requests and limits of its container. */
  readonly resources?: types.input.core.v1.ResourceRequirements;
  /** User and group that it runs as; default: 10001. */
  readonly runAs?: { readonly user?: number; readonly group?: number };
  /** Whether no zone may ever have two replicas more than another. Default: as far as possible. */
  readonly acrossZones?: boolean;
  readonly pod?: PodOptions;
}
