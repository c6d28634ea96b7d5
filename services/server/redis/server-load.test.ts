import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoad } from './server-load.ts';

const INFO = [
  '# Server',
  'uptime_in_seconds:90',
  '# Clients',
  'connected_clients:12',
  '# Memory',
  'used_memory:1048576',
  'used_memory_human:1.00M',
  'maxmemory:4194304',
  '# Persistence',
  'aof_last_write_status:ok',
  '# Stats',
  'total_commands_processed:5000',
  'total_net_input_bytes:700',
  'total_net_output_bytes:900',
  'total_error_replies:3',
  '# Replication',
  'role:master',
  'connected_slaves:2',
  'slave0:ip=10.0.0.7,port=6379,state=online,offset=990,lag=0',
  'slave1:ip=10.0.0.8,port=6379,state=online,offset=400,lag=3',
  'master_repl_offset:1000',
  '# CPU',
  'used_cpu_sys:1.5',
  'used_cpu_user:2.25',
  '',
].join('\r\n');

test('the reply of INFO is read, and the slowest replica counts', () => {
  assert.deepEqual(parseLoad(INFO), {
    memoryBytes: 1_048_576,
    memoryLimitBytes: 4_194_304,
    clients: 12,
    replicas: 2,
    replicaLagBytes: 600,
    isPersistent: true,
    uptimeSeconds: 90,
    commands: 5000,
    failedCommands: 3,
    cpuSeconds: 3.75,
    receivedBytes: 700,
    sentBytes: 900,
  });
});

test('a write that did not reach the disk is told', () => {
  assert.equal(parseLoad(INFO.replace('aof_last_write_status:ok', 'aof_last_write_status:err')).isPersistent, false);
});

test('what a version does not tell counts as nothing', () => {
  const { memoryBytes, replicaLagBytes, failedCommands, isPersistent } = parseLoad('redis_version:7.0.0\r\n');
  assert.deepEqual([memoryBytes, replicaLagBytes, failedCommands, isPersistent], [0, 0, 0, true]);
});
