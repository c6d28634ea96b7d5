import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { buildPackage } from '../services/client/package/build.ts';
import { openBrowser } from './kit/chromium.ts';

const root = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);

let directory: string;
let project: string;
let cluster: Cluster;

/** Packs a package as a user would get it, and returns the tarball. */
const pack = (from: string) =>
  path.join(
    directory,
    execFileSync('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: from, encoding: 'utf8' }).trim(),
  );

before(async () => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-sdk-'));
  project = path.join(directory, 'project');
  const built = path.join(directory, 'built');
  await buildPackage(built);
  const tarballs = [pack(built), pack(path.join(root, 'node_modules/ws'))];
  execFileSync('mkdir', ['-p', project]);
  writeFileSync(path.join(project, 'package.json'), JSON.stringify({ name: 'other', private: true, type: 'module' }));
  // Without a network: what the package depends on comes as a tarball, too.
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...tarballs], { cwd: project });
  cluster = await startCluster({ replicas: 2 });
});

after(async () => {
  await cluster?.stop();
  if (directory) rmSync(directory, { recursive: true, force: true });
});

/**
 * Creates a room and prints its code. When the other player captures a cell, it tries the same cell and another one,
 * and prints the answers.
 */
const PROGRAM = `
import { createClient, GridlockError } from 'gridlock-client';
import { capture, grid } from 'gridlock-client/grid';
const client = createClient({ room: grid, url: process.env.URL, ca: process.env.CA, name: 'Program' });
await client.connect();
const room = await client.create({ players: 2, size: 3, seconds: 60 });
console.log(room.code);
room.on('event', async ({ event }) => {
  if (event.kind !== 'captured' || event.player === client.player.id) return;
  const refusal = await room.send(capture(event.cell)).catch((error) => error);
  const { seq } = await room.send(capture(8));
  console.log(JSON.stringify([event.cell, refusal instanceof GridlockError && refusal.code, seq > 0]));
  client.close();
});
`;

const PAGE = `
import { createClient } from 'gridlock-client';
import { capture, grid } from 'gridlock-client/grid';
const client = createClient({ name: 'Page', room: grid });
await client.connect();
const room = await client.join(location.hash.slice(1));
room.on('change', () => {
  document.title = room.state.status + ' ' + room.state.cells.filter((seat) => seat >= 0).length;
});
await room.send(capture(4));
`;

const TYPED = `
import { type BrowserScope, createClient, type Room, type RoomEvent } from 'gridlock-client/browser';
import { GridlockClient, type Platform } from 'gridlock-client/core';
import { capture, grid, type Grid } from 'gridlock-client/grid';
declare const scope: BrowserScope;
declare const platform: Platform;
const client: GridlockClient<Grid> = createClient({ name: 'Ada', transports: ['sse'], room: grid }, scope);
const room: Room<Grid> = await client.join('ABCDEF');
room.on('event', ({ state, seq }: RoomEvent<Grid>) => { const cells: readonly number[] = state.cells; void [cells, seq]; });
const named: Room<Grid> = await new GridlockClient(platform).join(grid, 'ABCDEF');
const epoch: Promise<string | undefined> = named.send(capture(1)).then((ack) => ack.epoch);
const winner: number | undefined = named.predicted.cells[0];
void [epoch, winner];
const unknown: Room = await new GridlockClient(platform).join('ABCDEF');
void unknown.send({ kind: 'fly', cell: 1 });
// @ts-expect-error a cell is a number
void room.send({ kind: 'capture', cell: 'one' });
// @ts-expect-error there is no such command
void named.send({ kind: 'fly', cell: 1 });
// @ts-expect-error there is no such setting
void client.create({ colour: 'red' });
// @ts-expect-error there is no such channel
void client.subscribe(7);
// @ts-expect-error there is no such state
void (client.state === 'asleep');
`;

test('the packed SDK, installed in another project, plays from Node against a page that was bundled with it', async () => {
  writeFileSync(path.join(project, 'program.mjs'), PROGRAM);
  const program = spawn(process.execPath, ['program.mjs'], {
    cwd: project,
    env: { ...process.env, URL: cluster.url, CA: cluster.rootPem },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(program, 'exit');
  const browser = await openBrowser({ rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem') });
  try {
    const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]();
    const { value: game } = await lines.next();
    writeFileSync(path.join(project, 'page.mjs'), PAGE);
    const { outputFiles, metafile } = await build({
      absWorkingDir: project,
      entryPoints: ['page.mjs'],
      bundle: true,
      format: 'esm',
      write: false,
      metafile: true,
      logLevel: 'silent',
    });
    const inputs = Object.keys(metafile.inputs);
    assert.ok(inputs.includes('node_modules/gridlock-client/browser.js'), 'the browser has its own part');
    assert.ok(
      inputs.every((input) => !input.includes('/ws/')),
      'and nothing of ws',
    );
    const page = await browser.newPage();
    const answer = (body: string, contentType: string) => ({ status: 200, contentType, body });
    await page.route('**/own.html', (route) =>
      route.fulfill(answer('<script type="module" src="/own.js"></script>', 'text/html')),
    );
    await page.route('**/own.js', (route) => route.fulfill(answer(outputFiles[0]!.text, 'text/javascript')));
    await page.goto(`${cluster.url}/own.html#${game}`);
    assert.deepEqual(JSON.parse((await lines.next()).value ?? ''), [4, 'cell_taken', true]);
    await page.waitForFunction(
      () => (globalThis as unknown as { document: { title: string } }).document.title === 'active 2',
    );
    assert.equal((await ended)[0], 0);
  } finally {
    program.kill();
    await browser.close();
  }
});

const EVERY_ENTRY = `
import { createClient as same } from 'gridlock-client';
import { createClient as inBrowser, type BrowserScope } from 'gridlock-client/browser';
import { GridlockClient, type Platform } from 'gridlock-client/core';
import { type Grid, grid } from 'gridlock-client/grid';
import { createUseRoom, type RoomView, type UseSyncExternalStore } from 'gridlock-client/hook';
import { createClient, type NodeOptions } from 'gridlock-client/node';
declare const scope: BrowserScope;
declare const platform: Platform;
declare const store: UseSyncExternalStore;
const options: NodeOptions = { url: 'https://localhost:8443', transports: ['sse'] };
void [createClient(options), same(options), inBrowser({}, scope), new GridlockClient(platform), grid.name];
const useRoom = createUseRoom(store);
const view: RoomView<Grid> = useRoom(await inBrowser({}, scope).join(grid, 'ABCDEF'));
void view.predicted.cells;
`;

/** The output of the compiler in another project, which also checks the types of its libraries. */
async function typeErrors(source: string, options: object): Promise<string> {
  writeFileSync(path.join(project, 'typed.ts'), source);
  const compilerOptions = { noEmit: true, strict: true, skipLibCheck: false, target: 'es2022', ...options };
  writeFileSync(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['typed.ts'] }));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await run(process.execPath, [tsc, '-p', '.'], { cwd: project }).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

test('its types are complete by themselves and refuse wrong uses', async () => {
  assert.equal(await typeErrors(TYPED, { module: 'nodenext', types: [] }), '');
});

for (const [name, options] of [
  ['Node', { module: 'nodenext', lib: ['es2022'], exactOptionalPropertyTypes: true }],
  ['a bundler', { module: 'esnext', moduleResolution: 'bundler', customConditions: ['node'] }],
] as const) {
  test(`the types of every entry hold in a strict project for ${name} that has nothing but those of Node`, async () => {
    const typeRoots = [path.join(root, 'node_modules/@types')];
    assert.equal(await typeErrors(EVERY_ENTRY, { ...options, typeRoots, types: ['node'] }), '');
  });
}
