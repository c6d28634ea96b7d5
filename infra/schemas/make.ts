// Usage: node infra/schemas/make.ts [--definitions FILE]... [kubectl --context kind-gridlock]
// Remakes the schemas of every kind in the goldens from what an API server says of itself, and from the files
// that define custom resources. A kind that neither knows is told, and its schema left as it is. Those of
// custom resources belong to their charts: they are kept beside the checkout's other artifacts.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { checkedIn, stacks } from '../golden/golden.ts';
import { fileOf, kindOf, pathOf, schemaOf, schemaOfDefinition, type Definition, type Kind, type OpenApi } from './convert.ts';
import { schemaDirectory } from './places.ts';

/** Every kind of the goldens once. */
function kindsOfGoldens(): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const stack of stacks) {
    for (const document of parseAllDocuments(checkedIn(`${stack}.yaml`))) {
      const kind = kindOf(document.toJS() as { apiVersion: string; kind: string });
      kinds.set(fileOf(kind), kind);
    }
  }
  return [...kinds.values()];
}

const { values, positionals } = parseArgs({
  options: { definitions: { type: 'string', multiple: true, default: [] } },
  allowPositionals: true,
  // What follows the program's name is the program's.
  args: splitAtProgram(process.argv.slice(2)),
});
const [program = 'kubectl', ...programArgs] = positionals;
const definitions = values.definitions.flatMap(definitionsIn);
const documents = new Map<string, OpenApi>();

/** Everything from the first word that is no option of ours comes after `--`. */
function splitAtProgram(args: readonly string[]): string[] {
  const start = args.findIndex(
    (arg, index) => !arg.startsWith('--definitions') && args[index - 1] !== '--definitions',
  );
  return start === -1 ? [...args] : [...args.slice(0, start), '--', ...args.slice(start)];
}

/** Definitions of a file; in a chart's template, what the template engine would act on is left out. */
function definitionsIn(file: string): Definition[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  const text = lines.filter((line) => !line.includes('{{')).join('\n');
  return parseAllDocuments(text).map((document) => (document.toJS() ?? {}) as Definition);
}

function ask(place: string): OpenApi {
  try {
    const args = [...programArgs, 'get', '--raw', `/openapi/v3/${place}`];
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    return JSON.parse(execFileSync(program, args, { maxBuffer: 1 << 28, stdio }).toString()) as OpenApi;
  } catch {
    return {};
  }
}

for (const kind of kindsOfGoldens()) {
  const place = pathOf(kind);
  const document = documents.get(place) ?? ask(place);
  documents.set(place, document);
  const defined = definitions.map((definition) => schemaOfDefinition(definition, kind)).find(Boolean);
  const schema = schemaOf(document, kind) ?? defined;
  if (schema) {
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    const directory = schemaDirectory({ apiVersion });
    mkdirSync(directory, { recursive: true });
    writeFileSync(path.join(directory, fileOf(kind)), `${JSON.stringify(schema, null, 1)}\n`);
  }
  console.log(`${schema ? 'made   ' : 'unknown'} ${fileOf(kind)}`);
}
