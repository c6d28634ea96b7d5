// Usage: npm run golden
// Remakes the goldens. Look at the difference before you commit it: it is what the change does to a cluster.
import { writeFileSync } from 'node:fs';
import { checkedIn, golden, goldenFile, stacks } from './golden.ts';

for (const stack of stacks) {
  for (const [name, text] of Object.entries(await golden(stack))) {
    const same = checkedIn(name) === text;
    if (!same) writeFileSync(goldenFile(name), text);
    console.log(`${same ? 'same   ' : 'changed'} infra/golden/${name}`);
  }
}
