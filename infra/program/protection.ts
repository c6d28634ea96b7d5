import type { Config } from '../config/config.ts';

/** Whether resources that cannot be made again are protected: not on a laptop, where clusters come and go. */
export const isProtected = ({ protect, cluster }: Pick<Config, 'protect' | 'cluster'>): boolean =>
  protect === 'auto' ? cluster !== 'kind' : protect === 'true';
