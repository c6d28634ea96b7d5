import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { composeEdgeConfig } from '../../infra/compose/files.ts';
import { readConfig } from '../../infra/config/config.ts';
import { mostNew, readEdgeLimits, requireAdmission } from './edge-limits.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-edge-limits-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const limits = { connections: 8000, connectionsPerAddress: 4000, newPerAddress: 1000, seesAddresses: true };
const plan = { steps: 1, rampSeconds: 50, cuts: [] };
const refused = (sockets: number, addresses = 1, more = {}) => {
  try {
    requireAdmission({ sockets, addresses, plan: { ...plan, ...more } }, limits);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};

test('the limits are read from the configuration the edge runs with', () => {
  const file = path.join(directory, 'haproxy.cfg');
  const args = ['--max-connections=700', '--connections-per-address=500', '--connection-rate-per-address=400'];
  writeFileSync(file, composeEdgeConfig(readConfig({ args, directory }), 'key', []));
  assert.deepEqual(readEdgeLimits(file), {
    connections: 700,
    connectionsPerAddress: 500,
    newPerAddress: 400,
    seesAddresses: true,
  });
  assert.equal(readEdgeLimits(path.join(directory, 'nothing')), undefined);
});

test('more sockets than the edge accepts are refused before the run, with the flag that allows them', () => {
  assert.equal(refused(3000), undefined);
  assert.match(refused(9000, 3)!, /9000 sockets in all.*allows 8000.*--max-connections 9000/);
  assert.match(refused(5000)!, /5000 sockets of one address.*--connections-per-address 5000/);
  assert.equal(refused(5000, 2), undefined);
});

test('a plan with more new sockets than the edge accepts is refused, at the ramp and after a cut', () => {
  assert.match(refused(3000, 1, { rampSeconds: 20 })!, /1500 new sockets of one address in 10 s/);
  assert.match(refused(3000, 1, { cuts: [{ at: 60, share: 0.5, over: 2 }] })!, /--connection-rate-per-address 1500/);
  assert.equal(mostNew(800, { steps: 8, rampSeconds: 5, cuts: [{ at: 1, share: 0.1, over: 20 }] }), 100);
});

test('an edge behind a proxy that hides the addresses counts all clients as one', () => {
  assert.throws(() => requireAdmission({ sockets: 5000, addresses: 2, plan }, { ...limits, seesAddresses: false }));
});
