import type { Config } from '../config/config.ts';
import { userServer } from '../config/user-server.ts';
import { isLoopback } from '../edge/options.ts';

/**
 * Whether the page of this cluster has buttons that break it. The default is to have them only where nobody else can
 * reach it.
 */
export const offersBreaking = (config: Config): boolean =>
  userServer(config) === undefined &&
  (config.breakIt === 'on' || (config.breakIt === 'auto' && isLoopback(config.host)));
