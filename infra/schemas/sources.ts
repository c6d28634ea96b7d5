// Where the JSON schemas of the goldens' kinds come from: Go modules at pinned versions, verified by their hash.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseAllDocuments } from 'yaml';
import { CHARTS } from '../config/cluster-keys.ts';
import { CHECKOUT } from '../config/config.ts';
import { checkedIn, stacks } from '../golden/golden.ts';
import { findBinary } from '../setup/binaries.mjs';
import {
  type Definition,
  fileOf,
  type Kind,
  kindOf,
  type OpenApi,
  pathOf,
  schemaOf,
  schemaOfDefinition,
} from './convert.ts';

const DOWNLOAD_MS = 5 * 60_000;

interface Source {
  readonly module: string;
  readonly version: string;
  /** The hash of the module's files, as in `go.sum`. */
  readonly sum: string;
  /** The folder of the module that is read. */
  readonly folder: string;
}

/** An API server's own kinds: the OpenAPI documents it serves at `/openapi/v3`. */
export const KUBERNETES: Source = {
  module: 'k8s.io/kubernetes',
  version: 'v1.36.3',
  sum: 'h1:qDQdoMiluAE2Eab6Fa52YV+WjiGz9mZFFoagEA6cI+o=',
  folder: 'api/openapi-spec/v3',
};

/** Custom resource definitions, at the versions of the charts that install them. */
export const DEFINITIONS: readonly Source[] = [
  {
    module: 'github.com/cert-manager/cert-manager',
    version: CHARTS.certManager.version,
    sum: 'h1:0LttV37Q5c2CBNoHkjuI8sLKTXWZDC2SwQkxrBMKV9w=',
    folder: 'deploy/crds',
  },
  {
    module: 'github.com/cert-manager/trust-manager',
    version: CHARTS.trustManager.version,
    sum: 'h1:OxNSRRHXbRrU5nGMvbZDzu/Ppm479wyB64ov2tvp07o=',
    folder: 'deploy/crds',
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: `v${CHARTS.keda.version}`,
    sum: 'h1:SR60v8uIcelbveS8n/1jcl8tLdBBIbHMxmdOHw8tKqA=',
    folder: 'config/crd/bases',
  },
  {
    // The newest version the module proxy has; the chart kube-prometheus-stack counts differently.
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
    folder: 'example/prometheus-operator-crd',
  },
];

/** Kinds of haproxytech's controller, which is not a Go module, so nothing here checks their fields. */
export const WITHOUT_SCHEMA = /^ingress\.v3\.haproxy\.org\//;

/** Go or the network is missing; the message is a sentence. */
export class SchemasUnavailable extends Error {
  override name = 'SchemasUnavailable';
}

/** Every kind of the goldens once. */
function kindsOfGoldens(): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const stack of stacks) {
    for (const document of parseAllDocuments(checkedIn(`${stack}.yaml`))) {
      const manifest = document.toJS() as { apiVersion: string; kind: string };
      const kind = kindOf(manifest);
      if (!WITHOUT_SCHEMA.test(manifest.apiVersion)) kinds.set(fileOf(kind), kind);
    }
  }
  return [...kinds.values()];
}

/** Fetches a module into Go's cache. Returns the folder that is read. @throws SchemasUnavailable, or Error for a wrong hash */
function fetched(go: string, { module, version, sum, folder }: Source): string {
  // Outside any module, because none is needed.
  const options = { cwd: path.parse(CHECKOUT).root, encoding: 'utf8', timeout: DOWNLOAD_MS, stdio: 'pipe' } as const;
  let text: string;
  try {
    text = execFileSync(go, ['mod', 'download', '-json', `${module}@${version}`], options);
  } catch (error) {
    const { stdout = '', message } = error as Error & { stdout?: string };
    throw new SchemasUnavailable(
      `${module} ${version} cannot be fetched: ${/"Error": "(.*)"/.exec(stdout)?.[1] ?? message}`,
    );
  }
  const { Dir: directory, Sum: found } = JSON.parse(text) as { Dir: string; Sum: string };
  if (found !== sum) throw new Error(`${module} ${version} has the hash ${found}, and ${sum} is pinned.`);
  return path.join(directory, folder);
}

const openApiOf = (folder: string, kind: Kind): OpenApi => {
  const file = path.join(folder, `${pathOf(kind).replaceAll('/', '__')}_openapi.json`);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as OpenApi) : {};
};

const definitionsIn = (folder: string): Definition[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .flatMap((file) => parseAllDocuments(readFileSync(path.join(folder, file), 'utf8')))
    .map((document) => (document.toJS() ?? {}) as Definition);

function make(go: string, kinds: readonly Kind[], directory: string): void {
  const kubernetes = fetched(go, KUBERNETES);
  const definitions = DEFINITIONS.flatMap((source) => definitionsIn(fetched(go, source)));
  const fresh = `${directory}.${process.pid}`;
  mkdirSync(fresh, { recursive: true });
  for (const kind of kinds) {
    const defined = definitions.map((definition) => schemaOfDefinition(definition, kind)).find(Boolean);
    const schema = schemaOf(openApiOf(kubernetes, kind), kind) ?? defined;
    if (!schema) throw new Error(`No module of infra/schemas/sources.ts has a schema of ${JSON.stringify(kind)}.`);
    writeFileSync(path.join(fresh, fileOf(kind)), JSON.stringify(schema));
  }
  try {
    renameSync(fresh, directory);
  } catch {
    // Another process was faster.
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * The directory with a schema for every kind of the goldens, made where it is missing: the first run fetches the
 * modules above, about 30 MB.
 * @throws SchemasUnavailable, or Error when a module or the tables above are not as they should be
 */
export function schemaDirectory(): string {
  const kinds = kindsOfGoldens();
  const key = createHash('sha256')
    .update(JSON.stringify([KUBERNETES, DEFINITIONS, kinds]))
    .digest('hex')
    .slice(0, 12);
  const directory = path.join(CHECKOUT, '.artifacts', 'schemas', key);
  if (existsSync(directory)) return directory;
  const go = findBinary('go');
  if (!go)
    throw new SchemasUnavailable(
      'The schemas of the manifests come from Go modules, and Go is not installed: install it.',
    );
  make(go, kinds, directory);
  return directory;
}
