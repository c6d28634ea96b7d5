import type { Config } from '../config/config.ts';

/** Whether what cannot be made again may not be deleted: a cluster on a laptop comes and goes. */
export const isProtected = ({ protect, cluster }: Pick<Config, 'protect' | 'cluster'>): boolean =>
  protect === 'auto' ? cluster !== 'kind' : protect === 'true';
