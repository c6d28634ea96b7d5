// Usage: node certs/testing/kills.ts [--kills 200]
// Kills processes that change an authority, at random moments, and checks the state that is left.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { loadLeaf, loadTrust } from '../directory/authority-files.ts';
import { settingsFile } from '../directory/settings.ts';
import { fetchServed } from '../edge/tls-endpoint.ts';
import { ensureChain, readChain, syncEdge } from '../index.ts';
import { verifyChain } from '../x509/verify.ts';
import { localNames } from './fixtures.ts';
import { startTestEdge } from './test-edge.ts';

const kinds = ['rotate', 'watch', 'rollover'] as const;
type Kind = (typeof kinds)[number];

/** The loop of a process that is killed; it prints "begin" after the first turn. */
const programs: Record<Kind, string> = {
  rotate: `
    const { rotate } = await import(at('lifecycle/rotate.ts'));
    for (let turn = 0; ; turn += 1) {
      await rotate({ dir, role: turn % 3 === 2 ? 'intermediate' : 'leaf' });
      process.stdout.write('begin');
    }`,
  watch: `
    const { Watcher } = await import(at('renewal/watcher.ts'));
    new Watcher({ dir, intervalMs: 1, report: () => process.stdout.write('begin') }).start();`,
  rollover: `
    const { acceptRoot, issueFromNextRoot, retireRoot } = await import(at('lifecycle/rollover.ts'));
    const { rolloverStatus } = await import(at('lifecycle/rollover-status.ts'));
    for (;;) {
      const { phase } = await rolloverStatus(dir);
      if (phase === 'steady') await acceptRoot({ dir, crossSign: Math.random() < 0.5 });
      if (phase === 'accepted') await issueFromNextRoot({ dir, distributed: true });
      if (phase === 'issued') await retireRoot({ dir });
      process.stdout.write('begin');
    }`,
};

/** Milliseconds within which the kill falls: longer than one turn of the killed loop. */
const WINDOW_MS = 250;

export interface KillReport {
  kills: number;
  /** How often the edge did not serve the leaf on disk, and was corrected. */
  brokenOff: number;
  /** How often files of an interrupted change had to be moved into place. */
  completed: number;
  restartsOfTheEdge: number;
}

/** Throws the first fault that a kill left. */
export async function survive(kills: number, progress: (line: string) => void = () => undefined): Promise<KillReport> {
  const cleanups: (() => unknown)[] = [];
  const base = mkdtempSync(join(tmpdir(), 'gridlock-kills-'));
  const dir = join(base, 'pki');
  const report: KillReport = { kills: 0, brokenOff: 0, completed: 0, restartsOfTheEdge: 0 };
  try {
    mkdirSync(dir, { mode: 0o700 });
    // So short a life that a leaf is due as soon as it is made, and yet valid for minutes.
    const days = { root: 3650, intermediate: 90, leaf: 0.009 };
    writeFileSync(join(dir, 'authority.json'), settingsFile({ days, crlUrl: 'http://localhost/crl' }).data);
    await ensureChain({ dir, ...localNames });
    const edge = await startTestEdge({ after: (work) => cleanups.push(work) }, dir);
    const endpoint = { host: '127.0.0.1', port: edge.port };
    while (report.kills < kills) {
      const kind = kinds[report.kills % kinds.length]!;
      await kill(start(kind, dir), kind);
      report.kills += 1;
      // A client's view before anything is repaired. The client trusts the roots that it had before the kill.
      const roots = loadTrust(dir);
      const served = await fetchServed(endpoint, roots);
      if (served.refused !== undefined)
        throw new Error(`after ${report.kills} kills (${kind}) clients refuse: ${served.refused}`);
      if (report.kills % 10 === 0) {
        // The leaf that the edge would serve after a crash at the same moment.
        await edge.stop();
        await edge.start();
        report.restartsOfTheEdge += 1;
        const again = await fetchServed(endpoint, roots);
        if (again.refused !== undefined)
          throw new Error(`after a restart of the edge clients refuse: ${again.refused}`);
      }
      const before = tryRead(dir);
      if (await syncEdge(dir)) report.brokenOff += 1;
      if (before !== JSON.stringify(readChain(dir))) report.completed += 1;
      await requireWhole(dir, endpoint);
      if (report.kills % 20 === 0) progress(`${report.kills} kills: ${JSON.stringify(report)}`);
    }
    return report;
  } finally {
    for (const work of cleanups) await work();
    rmSync(base, { recursive: true, force: true });
  }
}

function start(kind: Kind, dir: string): ChildProcess {
  const code = `const dir = ${JSON.stringify(dir)};
    const at = (name) => new URL(name, ${JSON.stringify(new URL('../', import.meta.url).href)}).href;
    ${programs[kind]}`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', code];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function kill(child: ChildProcess, kind: Kind): Promise<void> {
  let errors = '';
  child.stderr!.on('data', (chunk) => (errors += String(chunk)));
  const ended = once(child, 'exit');
  await Promise.race([once(child.stdout!, 'data'), ended]);
  // A certificate's times are whole seconds. After each second a successor would live longer, so the watcher makes one.
  const toSecond = kind === 'watch' ? 1000 - (Date.now() % 1000) : 0;
  await delay(toSecond + Math.random() * WINDOW_MS);
  if (child.exitCode !== null) throw new Error(`it ended by itself: ${errors}`);
  child.kill('SIGKILL');
  await ended;
}

async function requireWhole(dir: string, endpoint: { host: string; port: number }): Promise<void> {
  const leaf = loadLeaf(dir)!;
  const roots = loadTrust(dir);
  const chain = [leaf.certificate, leaf.issuer, ...(leaf.cross ? [leaf.cross] : [])];
  const { findings } = verifyChain({ chain, roots, key: leaf.key, where: dir });
  const errors = findings.filter(({ level }) => level === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join(' '));
  const served = await fetchServed(endpoint, roots);
  if (served.refused !== undefined) throw new Error(`clients refuse what is served: ${served.refused}`);
  if (served.chain[0]!.fingerprint256 !== leaf.certificate.fingerprint256)
    throw new Error('served is not what is on disk');
}

function tryRead(dir: string): string {
  try {
    return JSON.stringify(readChain(dir));
  } catch {
    return '';
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === import.meta.filename) {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '200' } } });
  const report = await survive(Number(values.kills), (line) => console.log(line));
  console.log(JSON.stringify(report));
}
