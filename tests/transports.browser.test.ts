import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import type { BrowserContext, Page } from 'playwright-core';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { openBrowser } from './kit/chromium.ts';
import { connected, create, inState, part } from './kit/game-page.ts';

let cluster: Cluster;
let browser: BrowserContext;

before(async () => {
  cluster = await startCluster();
  browser = await openBrowser({ rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem') });
});

after(async () => {
  await browser?.close();
  await cluster?.stop();
});

/** A page in a browser in which these do not work. */
async function arrive(broken: readonly ('WebSocket' | 'stream')[], address = cluster.url): Promise<Page> {
  const page = await browser.newPage();
  if (broken.includes('WebSocket')) {
    await page.addInitScript(() => {
      // What a page sees when a proxy refuses the upgrade.
      Object.assign(globalThis, {
        WebSocket: class {
          constructor() {
            setTimeout(() => (this as { onclose?: (event: object) => void }).onclose?.({ code: 1006, reason: '' }), 10);
          }
          close() {}
        },
      });
    });
  }
  if (broken.includes('stream')) await page.route('**/sse?*', (route) => route.abort());
  await page.goto(address);
  await connected(page);
  return page;
}

for (const [broken, transport] of [
  [['WebSocket'], 'sse'],
  [['WebSocket', 'stream'], 'poll'],
] as const) {
  test(`a page without ${broken.join(' and ')} plays a game over ${transport} with an unrestricted page`, async () => {
    const ann = await arrive(broken);
    const code = await create(ann, { players: 2, size: 3, seconds: 300 });
    const ben = await arrive([], `${cluster.url}/#${code}`);
    await part(ben, 'join').click();
    const pages = [ann, ben];
    await Promise.all(pages.map((page) => inState(page, 'active')));
    for (let cell = 0; cell < 9; cell += 1) {
      await part(pages[cell % 2]!, `cell-${cell}`).click();
      const held = (page: Page) => page.locator(`[data-testid=cell-${cell}]:not([data-seat="-1"])`).waitFor();
      await Promise.all(pages.map(held));
    }
    await Promise.all(pages.map((page) => page.locator('[data-testid=board][data-status=completed]').waitFor()));
    const shown = await Promise.all(pages.map((page) => part(page, 'health-transport').getAttribute('data-transport')));
    assert.deepEqual(shown, [transport, 'websocket']);
    await Promise.all(pages.map((page) => page.close()));
  });
}
