import path from 'node:path';
import { APP_NAMES, appFile, loadApp } from '../../services/apps/load-app.ts';
import { type Config, ConfigError, fromCheckout } from './config.ts';

/** The application that has a page of its own. */
const GAME = 'grid';
const APPS = path.resolve(import.meta.dirname, '../../services/apps');

/** What a replica on this machine is told to play: the name of an application that comes along, or a folder. */
export const appOf = ({ app }: Pick<Config, 'app'>): string => (APP_NAMES.includes(app) ? app : fromCheckout(app));

/** The file of the application whose page is the inspector; undefined for the game, which has a page of its own. */
export function inspectedApp({ app }: Pick<Config, 'app'>): string | undefined {
  if (app === GAME) return undefined;
  return APP_NAMES.includes(app) ? path.join(APPS, app, 'app.ts') : appFile(fromCheckout(app));
}

/**
 * Loads the application, to find what is wrong with it before anything is started.
 * @throws ConfigError
 */
export async function checkApp(config: Pick<Config, 'app'>): Promise<void> {
  await loadApp(appOf(config)).catch((error: Error) => {
    throw new ConfigError(error.message);
  });
}
