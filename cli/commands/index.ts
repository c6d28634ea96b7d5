// Every command, by group: what the set-up installs for it, and the module that defines it.
import type { Command } from '@commander-js/extra-typings';
import type { Profile } from '../../infra/setup/run.mjs';

export interface Entry {
  readonly profile: Profile;
  /** Subcommands for which the set-up installs something else. */
  readonly parts?: Readonly<Record<string, Profile>>;
  load(): Promise<{ default: Command<any, any, any> }>;
}

export const GROUPS: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  'On this machine': {
    start: { profile: 'start', load: () => import('./start.ts') },
    status: { profile: 'packages', load: () => import('./status.ts') },
    open: { profile: 'packages', load: () => import('./open.ts') },
    metrics: { profile: 'packages', load: () => import('./metrics.ts') },
    logs: { profile: 'packages', load: () => import('./logs.ts') },
    stop: { profile: 'packages', load: () => import('./stop.ts') },
    compose: { profile: 'cluster', load: () => import('./compose.ts') },
  },
  'On Kubernetes': {
    up: { profile: 'cluster', load: () => import('./up.ts') },
    outputs: { profile: 'cluster', load: () => import('./outputs.ts') },
    down: { profile: 'cluster', load: () => import('./down.ts') },
    rotate: { profile: 'cluster', load: () => import('./rotate.ts') },
    backup: { profile: 'cluster', load: () => import('./backup.ts') },
    restore: { profile: 'start', load: () => import('./restore.ts') },
    manifests: { profile: 'cluster', load: () => import('./manifests.ts') },
    golden: { profile: 'cluster', load: () => import('./golden.ts') },
    e2e: { profile: 'cluster', load: () => import('./e2e.ts') },
  },
  Certificates: {
    certs: { profile: 'packages', load: () => import('../../certs/cli/certs.ts') },
  },
  'Load and faults': {
    play: { profile: 'cluster', load: () => import('./play.ts') },
    load: { profile: 'load', parts: { connect: 'packages' }, load: () => import('./load.ts') },
    chaos: { profile: 'start', load: () => import('./chaos.ts') },
    rotation: { profile: 'start', load: () => import('./rotation.ts') },
    bench: { profile: 'start', load: () => import('./bench.ts') },
    capacity: { profile: 'start', load: () => import('./capacity.ts') },
    transports: { profile: 'start', load: () => import('./transports.ts') },
    designs: { profile: 'start', load: () => import('./designs.ts') },
    placement: { profile: 'start', load: () => import('./placement.ts') },
  },
  Development: {
    setup: { profile: 'start', load: () => import('./setup.ts') },
    test: { profile: 'test', load: () => import('./test.ts') },
    screenshots: { profile: 'test', load: () => import('./screenshots.ts') },
    sdk: { profile: 'packages', load: () => import('./sdk.ts') },
    'infra-package': { profile: 'cluster', load: () => import('./infra-package.ts') },
  },
};

export const COMMANDS: Readonly<Record<string, Entry>> = Object.assign({}, ...Object.values(GROUPS));
