import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { stackConfig } from '../config/config.ts';
import { authority, FakeEdge } from './edge-testing.ts';
import { EdgeWatch } from './edge-watch.ts';

const configOf = (values: Readonly<Record<string, string>> = {}) => stackConfig('dev', values);

let edge: FakeEdge;
let directory: string;
let kubeconfig: string;
beforeEach(async () => {
  edge = new FakeEdge();
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-edge-watch-'));
  kubeconfig = path.join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, await edge.start());
});
afterEach(async () => {
  await edge.stop();
  rmSync(directory, { recursive: true, force: true });
});

const watch = (values: Readonly<Record<string, string>> = {}): EdgeWatch =>
  EdgeWatch.of(configOf(values), { kubeconfig })!;

test('each pod is asked through the API server, and shows its leaf and the root that issued it', async () => {
  const leaf = await authority('g1');
  const [one, two] = [await leaf(), await leaf()];
  edge.show('edge-1', one);
  edge.show('edge-2', two);
  const served = await watch().served();
  assert.deepEqual(
    served.map(({ pod, root }) => [pod, root]),
    [
      ['edge-1', 'Gridlock root g1'],
      ['edge-2', 'Gridlock root g1'],
    ],
  );
  assert.equal(new Set(served.map(({ fingerprint }) => fingerprint)).size, 2);
});

test('a new leaf is waited for until the last pod serves it', async () => {
  const leaf = await authority('g1');
  const [old, renewed] = [await leaf(), await leaf()];
  for (const pod of ['edge-1', 'edge-2']) edge.show(pod, old);
  const before = await watch().served();
  edge.show('edge-1', renewed);
  let done = false;
  const replaced = watch()
    .untilReplaced(before)
    .finally(() => (done = true));
  // After one more request from here, the waiting watch has asked at least once.
  await watch().served();
  assert.equal(done, false);
  edge.show('edge-2', renewed);
  assert.equal(await replaced, 2);
});

test('no root is retired while a pod serves a leaf of it, or cannot be seen', async () => {
  const [old, current] = [await authority('g1'), await authority('g2')];
  edge.show('edge-1', await current());
  await watch().requireIssuedBy('g2');
  edge.show('edge-2', await old());
  await assert.rejects(watch().requireIssuedBy('g2'), {
    message: /^edge-2 still serves a certificate of Gridlock root g1, .*rotate -- leaf/,
    exitCode: 2,
  });
  rmSync(kubeconfig);
  await assert.rejects(watch().requireIssuedBy('g2'), /cannot be seen: .*kubeconfig is missing/);
});

test('an edge without a pod counts as not seen', async () => {
  await assert.rejects(watch().served(), /no pod of the edge runs in the namespace/);
});

test("an edge whose certificate or pods are not the stack's is not watched", () => {
  const acme = { certificates: 'acme', host: 'play.example.com', acmeEmail: 'me@example.com' };
  for (const values of [acme, { charts: '{"ingress":{"install":false}}' }]) {
    const named = Object.fromEntries(Object.entries(values).map(([key, value]) => [`gridlock:${key}`, value]));
    assert.equal(EdgeWatch.of(configOf(named), { kubeconfig }), undefined);
  }
});
