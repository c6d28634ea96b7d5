import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { openBrowser } from './kit/chromium.ts';

const COUNTER = path.resolve(import.meta.dirname, '../services/apps/counter/counter.ts');
/** An application outside the repository. */
const APP = `import { counter } from ${JSON.stringify(COUNTER)};
export default { ...counter, name: 'tally' };
`;

let folder: string;
let cluster: Cluster;
let browser: BrowserContext;

before(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'gridlock-app-'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(folder, 'app.js'), APP);
  cluster = await startCluster({ replicas: 2, app: folder });
  browser = await openBrowser({ rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem') });
});
after(async () => {
  await browser?.close();
  await cluster?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

const part = (page: Page, name: string) => page.getByTestId(name);
const shows = (page: Page, value: number) => part(page, 'state').getByText(`"value": ${value},`).waitFor();

async function send(page: Page, command: object): Promise<void> {
  await part(page, 'command').fill(JSON.stringify(command));
  await part(page, 'send').click();
}

test('the inspector of an application in a folder keeps two pages in step, over the death of a replica', async () => {
  const ann = await browser.newPage();
  await ann.goto(cluster.url);
  await ann.getByRole('heading', { name: 'tally' }).waitFor();
  await part(ann, 'settings').fill('{"step":5}');
  await part(ann, 'create').click();
  const code = await part(ann, 'room').innerText();
  const ben = await browser.newPage();
  await ben.goto(`${cluster.url}/#${code}`);
  await shows(ben, 0);
  await send(ann, { kind: 'add', times: 3 });
  await Promise.all([ann, ben].map((page) => shows(page, 15)));
  await cluster.killReplica(1);
  await send(ben, { kind: 'add', times: -1 });
  await Promise.all([ann, ben].map((page) => shows(page, 10)));
  assert.match(await part(ann, 'events').innerText(), /"kind":"added".*"amount":-5/);
  await Promise.all([ann.close(), ben.close()]);
  await cluster.settled();
});

test('the inspector says what the platform refuses', async () => {
  const page = await browser.newPage();
  await page.goto(cluster.url);
  await part(page, 'create').click();
  await part(page, 'room').waitFor();
  await send(page, { kind: 'add', times: 99 });
  await part(page, 'said').getByText('(bad_message)').waitFor();
  await send(page, { kind: 'fly' });
  await part(page, 'said').getByText('(unknown_type)').waitFor();
  await page.close();
});
