import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countAddresses, readMachineCapacity, requireMachineCapacity } from './machine-capacity.ts';

const capacity = { openFiles: 20_000, ports: 28_232 };
const demand = { sockets: 8000, vus: 160, connections: 12_000, loopback: true, ownEdge: true };

test('8,000 sockets fit into 20,000 open files and one source address', () => {
  assert.equal(requireMachineCapacity(demand, capacity), undefined);
});
test("a run with more sockets than the edge's open files allow is refused before it begins", () => {
  assert.throws(
    () => requireMachineCapacity({ ...demand, sockets: 9500 }, capacity),
    /9500 sockets take 20200 open files of the edge.*20000/,
  );
});
test("a run with more sockets than k6's open files allow is refused, wherever the edge runs", () => {
  assert.throws(
    () => requireMachineCapacity({ ...demand, sockets: 19_700, ownEdge: false }, capacity),
    /20220 open files of k6.*ulimit -Hn/,
  );
});
test('when the ports of one address run out, loopback has more addresses', () => {
  assert.equal(requireMachineCapacity({ ...demand, connections: 60_000 }, capacity), '127.0.0.2-127.0.0.4');
});
test('when the ports run out elsewhere, a sentence says what to do', () => {
  assert.throws(
    () => requireMachineCapacity({ ...demand, connections: 60_000, loopback: false }, capacity),
    /--local-ips/,
  );
});
test('source addresses are counted as they are written', () => {
  assert.deepEqual(
    [undefined, '127.0.0.2', '127.0.0.2-127.0.0.9', '10.0.0.1,10.0.1.250-10.0.2.5'].map(countAddresses),
    [1, 1, 8, 13],
  );
});
test('the limits of this machine are read', () => {
  const { openFiles, ports } = readMachineCapacity();
  assert.ok(openFiles > 100 && ports > 100);
});
