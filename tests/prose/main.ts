// Usage: npm run prose [-- files or folders]. Without them it reads everything except the places of `notYet` in
// prose.yaml.
import path from 'node:path';
import { UsageError } from '../../infra/usage-error.ts';
import { checkFiles } from './check-files.ts';
import { readRules } from './rules.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

try {
  const places = process.argv.slice(2).map((place) => path.relative(ROOT, path.resolve(place)) || '.');
  const findings = checkFiles(places, readRules(), ROOT);
  for (const { file, line, phrase, advice } of findings) console.log(`${file}:${line}: "${phrase}": ${advice}.`);
  if (findings.length > 0) {
    console.log(`\n${findings.length} phrases to reword; tests/README.md explains the rules and their exceptions.`);
    process.exitCode = 1;
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
