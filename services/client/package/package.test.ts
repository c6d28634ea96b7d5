import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import fc from 'fast-check';
import { repetitions } from '../../../tests/kit/repetitions.ts';
import * as protocol from '../../protocol/index.ts';
import { buildPackage, SLIM } from './build.ts';

/** 14 kB. */
const BROWSER_BYTES = 14_336;

let outDir: string;

before(async () => {
  outDir = await mkdtemp(path.join(os.tmpdir(), 'gridlock-package-'));
  await buildPackage(outDir);
});
after(() => rm(outDir, { recursive: true, force: true }));

test('what a page loads to connect, without an application, is at most 14 kB', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: "export { createClient } from './browser.js';", resolveDir: outDir },
    outdir: outDir,
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const loaded = loadedWith(Object.keys(metafile.outputs).find((file) => file.endsWith('stdin.js'))!, metafile);
  const files = outputFiles.filter(({ path: file }) => [...loaded].some((one) => file.endsWith(path.basename(one))));
  const bytes = files.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0);
  assert.ok(bytes <= BROWSER_BYTES, `${bytes} bytes`);
  // The transports besides WebSocket are loaded when one is needed.
  assert.equal(files.length, outputFiles.length - 1);
});

/** An output, and the outputs that it imports before it runs. */
function loadedWith(output: string, { outputs }: Metafile, known = new Set<string>()): Set<string> {
  known.add(output);
  for (const { path: file, kind } of outputs[output]!.imports) {
    if (kind === 'import-statement' && !known.has(file)) loadedWith(file, { inputs: {}, outputs }, known);
  }
  return known;
}

const PLAYER = { id: 'p1', name: 'Ada' };
const PLACE = { game: 'ABCDEF', epoch: 'e1', seq: 3 };
const KEPT = { seq: 1, at: 2, replica: '1111', player: PLAYER, data: { text: 'hello' }, line: '1111:hello' };
/** A message of each type, with all of its fields. */
const MESSAGES: readonly object[] = [
  {
    type: 'welcome',
    protocol: 'gridlock.v1',
    replica: '1111',
    connection: 'c1',
    player: PLAYER,
    expiresAt: 5,
    heartbeatMs: 15_000,
    routeByGame: true,
    now: 1,
    limits: { messageBytes: 4096, messagesPerSecond: 30, resumeWindowMs: 120_000 },
  },
  { type: 'pong', t: 1.5, now: 2 },
  { type: 'ack', id: 'a', channel: 'lobby', ...PLACE, recovered: false, duplicate: true, expiresAt: 9 },
  { type: 'snapshot', ...PLACE, now: 1, state: { cells: [1] }, recovered: false },
  { type: 'event', ...PLACE, at: 1, event: { kind: 'captured', cell: 4 }, deadline: null, over: true },
  { type: 'message', channel: 'lobby', epoch: 'e1', ...KEPT },
  { type: 'history', channel: 'lobby', epoch: 'e1', messages: [KEPT] },
  { type: 'presence', channel: 'lobby', count: 1, players: [PLAYER] },
  { type: 'watchers', game: 'ABCDEF', count: 1 },
  { type: 'going_away', reconnectAfterMs: 100, rebalance: true },
  { type: 'error', code: 'cell_taken', message: 'Taken.', id: 'a', retryAfterMs: 100 },
];

/** The message with one of its values, at any depth, replaced or left out. */
function bent(message: object, which: number, value: unknown): unknown {
  const paths: string[][] = [];
  const walk = (node: unknown, at: string[]): void => {
    if (at.length > 0) paths.push(at);
    if (typeof node === 'object' && node !== null)
      for (const [key, child] of Object.entries(node)) walk(child, [...at, key]);
  };
  walk(message, []);
  const copy = structuredClone(message) as Record<string, unknown>;
  const at = paths[which % paths.length]!;
  let holder = copy;
  for (const key of at.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  if (value === undefined) delete holder[at.at(-1)!];
  else holder[at.at(-1)!] = value;
  return copy;
}

test('the SDK of the package accepts and refuses the same server messages as the schemas', async () => {
  const contents = "export { decodeServerFrame } from './index.ts';";
  const resolveDir = path.resolve(import.meta.dirname, '../../protocol');
  const stdin = { contents, resolveDir, loader: 'ts' as const };
  const { outputFiles } = await build({
    stdin,
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
    ...SLIM,
  });
  const slim = (await import(`data:text/javascript,${encodeURIComponent(outputFiles![0]!.text)}`)) as typeof protocol;
  const outcome = (decode: typeof protocol.decodeServerFrame, text: string): unknown => {
    try {
      return decode(text).length;
    } catch {
      return 'refused';
    }
  };
  let refused = 0;
  const values = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(undefined, null, -1, 0, 1.5, 2 ** 60, true, false, '', 'x', 'ABCDEF', 'e1', {}, []),
  );
  fc.assert(
    fc.property(fc.constantFrom(...MESSAGES), fc.nat(), values, (message, which, value) => {
      const text = JSON.stringify(bent(message, which, value));
      const expected = outcome(protocol.decodeServerFrame, text);
      if (expected === 'refused') refused += 1;
      assert.equal(outcome(slim.decodeServerFrame, text), expected, text);
    }),
    { numRuns: repetitions(3000, 50_000) },
  );
  for (const message of MESSAGES) assert.equal(outcome(slim.decodeServerFrame, JSON.stringify(message)), 1);
  assert.ok(refused > 500, `${refused} were refused`);
});
