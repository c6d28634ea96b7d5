import { infoFields } from './info.ts';

/** What a Redis does and how full it is, as its `INFO` says. */
export interface ServerLoad {
  readonly memoryBytes: number;
  /** `maxmemory`; 0 where there is none. */
  readonly memoryLimitBytes: number;
  readonly clients: number;
  /** Replicas that are connected to it. */
  readonly replicas: number;
  /** How far the slowest replica is behind; 0 without replicas. */
  readonly replicaLagBytes: number;
  /** Whether the last write to the append-only file succeeded. */
  readonly isPersistent: boolean;
  readonly uptimeSeconds: number;
  /** These only grow, until Redis starts again. */
  readonly commands: number;
  readonly failedCommands: number;
  readonly cpuSeconds: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}

/** A line of a replica: `slave0:ip=10.0.0.7,port=6379,state=online,offset=4711,lag=0`. */
const REPLICA = /^slave\d+:.*?\boffset=(\d+)/gm;

/** Reads the reply of `INFO`. What this version of Redis does not tell counts as 0. */
export function parseLoad(info: string): ServerLoad {
  const fields = infoFields(info);
  const number = (name: string) => Number(fields.get(name)) || 0;
  const offset = number('master_repl_offset');
  const lags = [...info.matchAll(REPLICA)].map(([, seen]) => offset - Number(seen));
  return {
    memoryBytes: number('used_memory'),
    memoryLimitBytes: number('maxmemory'),
    clients: number('connected_clients'),
    replicas: number('connected_slaves'),
    replicaLagBytes: Math.max(0, ...lags),
    isPersistent: fields.get('aof_last_write_status') !== 'err',
    uptimeSeconds: number('uptime_in_seconds'),
    commands: number('total_commands_processed'),
    failedCommands: number('total_error_replies'),
    cpuSeconds: number('used_cpu_sys') + number('used_cpu_user'),
    receivedBytes: number('total_net_input_bytes'),
    sentBytes: number('total_net_output_bytes'),
  };
}
