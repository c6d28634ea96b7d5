import { X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { nickname, type TrustStore, tool, writeRoot } from './store.ts';

/** How a distribution takes its administrator's roots: a directory, and the program that reads it. */
interface Layout {
  readonly directory: string;
  readonly update: readonly [program: string, ...args: string[]];
  /** Without it, the link to a removed file would stay. */
  readonly fresh?: string;
  readonly installed: string;
}

const LAYOUTS: readonly [Layout, ...Layout[]] = [
  {
    directory: '/usr/local/share/ca-certificates',
    update: ['update-ca-certificates'],
    fresh: '--fresh',
    installed: 'the package ca-certificates',
  },
  {
    directory: '/etc/pki/ca-trust/source/anchors',
    update: ['update-ca-trust', 'extract'],
    installed: 'ca-certificates',
  },
  { directory: '/etc/ca-certificates/trust-source/anchors', update: ['trust', 'extract-compat'], installed: 'p11-kit' },
  { directory: '/usr/share/pki/trust/anchors', update: ['update-ca-certificates'], installed: 'ca-certificates' },
];

/** Other directories than the system's, for update-ca-certificates. */
export interface DebianDirectories {
  readonly local: string;
  readonly etc: string;
}

/** The system's store that OpenSSL, curl, Python and Go use on Linux; at `place` if an earlier run recorded it. */
export function linuxStore(directories?: DebianDirectories, place?: string): TrustStore {
  const [debian] = LAYOUTS;
  const isHere = ({ directory }: Layout) => (place === undefined ? existsSync(directory) : directory === place);
  const layout = directories ? { ...debian, directory: directories.local } : (LAYOUTS.find(isHere) ?? debian);
  const { directory, fresh, installed } = layout;
  const [program, ...always] = layout.update;
  const flags = directories ? ['--localcertsdir', directories.local, '--etccertsdir', directories.etc] : [];
  const path = (root: X509Certificate) => join(directory, `${nickname(root).replace(' ', '-')}.crt`);
  const update = (...args: string[]) =>
    tool(program, [...always, ...flags, ...args], `run this as root, with ${installed} installed`);
  const holds = (root: X509Certificate) =>
    existsSync(path(root)) && new X509Certificate(readFileSync(path(root))).fingerprint256 === root.fingerprint256;
  return {
    consumer: { kind: directory === debian.directory || directories ? 'debian' : 'anchors', place: directory },
    readers: 'curl, OpenSSL, Python and Go',
    adds: (root) => `write ${path(root)} and run ${[program, ...always, ...flags].join(' ')}`,
    obstacle: () => {
      try {
        accessSync(directory, constants.W_OK);
        return undefined;
      } catch {
        return existsSync(directory)
          ? `${directory} belongs to root: run this as root with --store system.`
          : `${directory} is missing: install ${installed}.`;
      }
    },
    holds: (root) => Promise.resolve(holds(root)),
    async add(root) {
      if (holds(root)) return;
      writeRoot(path(root), root);
      await update();
    },
    async remove(root) {
      if (!existsSync(path(root))) return;
      rmSync(path(root));
      await update(...(fresh === undefined ? [] : [fresh]));
    },
  };
}
