import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { findBinary } from '../setup/binaries.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');
const TOOLS = path.join(ROOT, 'infra/setup/tools.json');

/** Where set-up puts a tool. */
export const toolPath = (name: string): string => path.join(ROOT, '.tools', 'bin', name);

/** Why a pinned tool cannot be used, as the reason of a skipped test; false when it can. */
export function toolProblem(name: string): string | false {
  if (existsSync(toolPath(name))) return false;
  const tools = JSON.parse(readFileSync(TOOLS, 'utf8')) as {
    name: string;
    version: string;
    usedBy: string;
  }[];
  const { version, usedBy } = tools.find((tool) => tool.name === name)!;
  const how = findBinary('go') ? 'node infra/setup/run.mjs test' : 'install Go, then: node infra/setup/run.mjs test';
  return `${name} ${version} is missing, and with it ${usedBy}; to get it, ${how}`;
}
