import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TICK } from '../k6/plan.ts';
import { UsageSampler } from '../kit/usage-sampler.ts';
import { summarise } from '../load/summary.ts';
import { Timeline } from '../load/timeline.ts';
import { reportPage } from './page.ts';

function page(dashboard?: string, more: Readonly<Record<string, number>> = {}): Promise<string> {
  const timeline = new Timeline();
  const curves = { move: { 5: 3 }, lag: { 2: 3 }, resume: { 40: 1 }, handshake: { 9: 2 } };
  for (const second of [0, 1, 2]) {
    const tick = {
      vu: 1,
      second,
      open: 4,
      replicas: { '<b>1111': 4 },
      counts: { acked_moves: 3, ...more },
      closes: { 1006: 1 },
      curves,
    };
    timeline.take(TICK + JSON.stringify(tick));
  }
  return reportPage(
    summarise({
      scenario: 'smoke',
      target: 'own',
      startedAt: '2026-01-02T03:04:05.000Z',
      seconds: 3,
      sockets: 4,
      vus: 1,
      k6: '1.8.1',
      timeline,
      usage: new UsageSampler(async () => ({})),
      marks: [{ at: 1, text: 'a replica killed' }],
      said: ['No connection for <too> long.'],
      thresholds: [
        { name: 'gaps count==0', passed: false, value: '2' },
        { name: 'duplicates count==0', passed: true, value: '0' },
      ],
    }),
    dashboard,
  );
}

test('the report names every threshold with its result', async () => {
  const html = await page();
  assert.match(html, /<span class="verdict failed">failed/);
  assert.match(html, /✗ failed<\/td><td class="w">gaps count==0<\/td><td>2</);
  for (const title of ['Connections', 'Move round trip', 'Delivery lag', 'Recovery', 'Handshakes']) {
    assert.match(html, new RegExp(`<h3>${title}</h3>`));
  }
});
test('lines of chat are drawn where there are any', async () => {
  assert.doesNotMatch(await page(), /lines of chat/);
  assert.match(await page(undefined, { chat_lines: 5 }), /lines of chat/);
});
test('the report needs no other file, and shows its values as text', async () => {
  const html = await page('<!doctype html><script>"dashboard"</script>');
  assert.doesNotMatch(html, /(src|href)="(https?:)?\/\//);
  assert.doesNotMatch(html, /<b>1111|<too>/);
  assert.match(html, /No connection for &lt;too&gt; long/);
  assert.match(html, /srcdoc="&lt;!doctype html&gt;/);
});

test('the curves come first, failed checks are open, and passed ones are folded', async () => {
  const html = await page();
  const [curves, failed, held] = ['<h2>Curves', '✗ failed', '<details class="card"><summary>1 check holds'].map(
    (text) => html.indexOf(text),
  );
  assert.ok(curves! > 0 && curves! < failed! && failed! < held!, `${curves} ${failed} ${held}`);
  assert.match(html.slice(held), /✓ holds<\/td><td class="w">duplicates count==0/);
});
test('one virtual user is one', async () => {
  assert.match(await page(), /by 1 virtual user</);
});
