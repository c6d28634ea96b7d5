import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../../infra/usage-error.ts';
import { checkText, EXTENSIONS } from './check-text.ts';
import type { Finding } from './finding.ts';
import type { Rules } from './rules.ts';

const SKIPPED = /(^|\/)(node_modules|dist|load-results|golden|\.(?!github|dependency-cruiser)[^/]+)(\/|$)/;
const HERE = import.meta.dirname;

export interface FileFinding extends Finding {
  readonly file: string;
}

/** The files with prose at a place, relative to the root. */
function filesAt(place: string, root: string): string[] {
  const full = path.join(root, place);
  if (!existsSync(full)) throw new UsageError(`There is no file or folder ${place}.`);
  if (!statSync(full).isDirectory()) return [path.normalize(place)];
  const pattern = `{**,.github/**}/{,.}*.{${EXTENSIONS.join(',')}}`;
  const found = globSync(pattern, { cwd: full, exclude: (name) => SKIPPED.test(name) });
  return [...new Set(found)].map((file) => path.join(place, file)).filter((file) => !SKIPPED.test(file));
}

type Cache = Record<string, { readonly digest: string; readonly findings: readonly Finding[] }>;

/** The findings of earlier runs by file. They hold while file, rules and checker are the same. */
class FindingsCache {
  readonly #file: string;
  readonly #salt: string;
  #before: Cache = {};
  readonly #now: Cache = {};

  constructor(root: string, rules: Rules) {
    this.#file = path.join(root, 'node_modules/.cache/prose.json');
    const digest = createHash('sha256').update(JSON.stringify({ ...rules, notYet: [] }));
    for (const name of globSync('*.ts', { cwd: HERE }).sort()) digest.update(readFileSync(path.join(HERE, name)));
    this.#salt = digest.digest('hex');
    try {
      this.#before = JSON.parse(readFileSync(this.#file, 'utf8')) as Cache;
    } catch {
      // This is the first run: every file is read.
    }
  }

  find(file: string, source: string, check: () => Finding[]): readonly Finding[] {
    const digest = createHash('sha256').update(this.#salt).update(source).digest('hex');
    const known = this.#before[file];
    const findings = known?.digest === digest ? known.findings : check();
    this.#now[file] = { digest, findings };
    return findings;
  }

  write(): void {
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const next = `${this.#file}.${process.pid}`;
    writeFileSync(next, JSON.stringify({ ...this.#before, ...this.#now }));
    renameSync(next, this.#file);
  }
}

/**
 * The findings of files and folders, or of everything under the root except the places of `notYet`.
 * @throws UsageError when there is nothing at a place
 */
export function checkFiles(places: readonly string[], rules: Rules, root: string): FileFinding[] {
  const cache = new FindingsCache(root, rules);
  const files = [...new Set((places.length > 0 ? places : ['.']).flatMap((place) => filesAt(place, root)))].sort();
  const all = files.flatMap((file) => {
    const source = readFileSync(path.join(root, file), 'utf8');
    return cache.find(file, source, () => checkText(source, file, rules)).map((finding) => ({ ...finding, file }));
  });
  cache.write();
  if (places.length > 0) return all;
  const within = (file: string, place: string) => file === place || file.startsWith(`${place}/`);
  const clean = rules.notYet.filter((place) => !all.some(({ file }) => within(file, place)));
  return [
    ...all.filter(({ file }) => !rules.notYet.some((place) => within(file, place))),
    ...clean.map((place) => ({
      file: 'tests/prose/prose.yaml',
      line: 1,
      phrase: place,
      advice: 'remove it from notYet, because it has no findings any more',
    })),
  ];
}
