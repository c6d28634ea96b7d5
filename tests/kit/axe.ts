import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** The rules for the pages: WCAG 2.2 A and AA, and axe's best practices. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/**
 * Fails when axe finds a violation in the current state of the page, which `state` names in the error. Animations are
 * finished first, because a colour in transition has another contrast.
 */
export async function assertAccessible(page: Page, state: string): Promise<void> {
  const violations = await page.evaluate(`(async () => {
    ${SOURCE}
    for (const animation of document.getAnimations()) {
      if (animation.effect.getComputedTiming().endTime !== Infinity) animation.finish();
    }
    return (await axe.run(document, { runOnly: ${JSON.stringify(TAGS)} })).violations;
  })()`);
  const found = (violations as AxeResults['violations']).map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`,
  );
  assert.deepEqual(found, [], `axe finds violations in ${state}`);
}
