// Every command, by group: what the set-up installs for it, and the module that defines it.
import type { Command } from '@commander-js/extra-typings';
import type { Profile } from '../../infra/setup/run.mjs';

export interface Entry {
  readonly profile: Profile;
  load(): Promise<{ default: Command<any, any, any> }>;
}

/** A program that still parses its flags itself: it gets them as they are. */
export interface Program {
  readonly profile: Profile;
  readonly script: string;
  readonly summary: string;
  /** Subcommands with a help of their own. */
  readonly subcommands?: readonly string[];
  /** The program has no `--help`. */
  readonly usage?: string;
}

const CERTS = ['init', 'csr', 'sign', 'issue', 'show', 'verify', 'export', 'trust', 'untrust', 'rotate', 'rollover'];

export const GROUPS: Readonly<Record<string, Readonly<Record<string, Entry | Program>>>> = {
  'On this machine': {
    start: { profile: 'start', load: () => import('./start.ts') },
    status: { profile: 'packages', load: () => import('./status.ts') },
    open: { profile: 'packages', load: () => import('./open.ts') },
    logs: { profile: 'packages', load: () => import('./logs.ts') },
    stop: { profile: 'packages', load: () => import('./stop.ts') },
    compose: { profile: 'cluster', load: () => import('./compose.ts') },
  },
  'On Kubernetes': {
    up: { profile: 'cluster', script: 'infra/up/up.ts', summary: 'bring a stack up on Kubernetes' },
    down: { profile: 'cluster', script: 'infra/up/down.ts', summary: 'take a stack down' },
    rotate: { profile: 'cluster', script: 'infra/up/rotate.ts', summary: 'replace the certificates of a stack' },
    manifests: {
      profile: 'cluster',
      script: 'infra/render/main.ts',
      summary: 'print the manifests of a stack, to apply without Pulumi',
    },
    golden: {
      profile: 'cluster',
      script: 'infra/golden/main.ts',
      summary: 'render the golden manifests again',
      usage: 'Renders the golden manifests of infra/golden again. The difference is what a change does to a cluster.',
    },
    e2e: { profile: 'cluster', script: 'tests/e2e/main.ts', summary: 'test the whole system on a kind cluster' },
  },
  Certificates: {
    certs: {
      profile: 'packages',
      script: 'certs/cli/main.ts',
      summary: 'run the certificate authority',
      subcommands: [...CERTS, 'revoke', 'crl', 'watch', 'audit', 'acme'],
    },
  },
  'Load and faults': {
    play: { profile: 'cluster', script: 'infra/play/main.ts', summary: 'play games and check that no move is lost' },
    load: { profile: 'load', script: 'loadtest/load/main.ts', summary: 'put a cluster under load with k6' },
    chaos: {
      profile: 'start',
      script: 'loadtest/chaos/main.ts',
      summary: 'play while processes die, hang and go wrong',
    },
    rotation: {
      profile: 'start',
      script: 'loadtest/rotation.ts',
      summary: 'measure a rotation of certificates under load',
    },
    bench: { profile: 'start', script: 'loadtest/bench/main.ts', summary: 'compare with other real-time servers' },
    capacity: {
      profile: 'start',
      script: 'loadtest/capacity/main.ts',
      summary: 'compute how many replicas a load needs',
    },
    transports: { profile: 'start', script: 'loadtest/transports/main.ts', summary: 'compare the three transports' },
    designs: { profile: 'start', script: 'loadtest/designs/main.ts', summary: 'compare the two designs' },
    placement: {
      profile: 'start',
      script: 'loadtest/placement/main.ts',
      summary: 'measure how sockets move to a new replica',
      usage: '[stateless|stateful] [sockets] [replicas]\n\nMeasures how sockets move to a replica that is added.',
    },
  },
  Development: {
    setup: { profile: 'start', load: () => import('./setup.ts') },
    test: {
      profile: 'test',
      script: 'infra/setup/test.ts',
      summary: 'run the tests',
      usage:
        '[--unit | --integration] [files...] [options of node --test]\n\nRuns the type checks and all tests, or the tests of the files and folders given.',
    },
    sdk: {
      profile: 'packages',
      script: 'services/client/package/main.ts',
      summary: 'build the package of the client SDK',
      usage: 'Builds the package of the client SDK, and prints where it is.',
    },
  },
};

export const COMMANDS: Readonly<Record<string, Entry | Program>> = Object.assign({}, ...Object.values(GROUPS));
