import path from 'node:path';
import { APP_NAMES, appFile, loadApp } from '../../services/apps/load-app.ts';
import { type Config, ConfigError, fromCheckout } from './config.ts';

/** The application that has a page of its own. */
const GAME = 'grid';
const APPS = path.resolve(import.meta.dirname, '../../services/apps');

/** What a replica on this machine is told to play: the name of an application that comes along, or a folder. */
export const appOf = ({ app }: Pick<Config, 'app'>): string => (APP_NAMES.includes(app) ? app : fromCheckout(app));

/** Whether the application is a folder, or a file, of the user's. */
const isOfUser = ({ app }: Pick<Config, 'app'>): boolean => !APP_NAMES.includes(app);

/** Where the image has an application that did not come with the platform. */
export const APP_IN_IMAGE = '/app/app.mjs';

/** What a replica in a container is told to play: a name, or the file that the image has. */
export const appInImage = (config: Pick<Config, 'app'>): string => (isOfUser(config) ? APP_IN_IMAGE : config.app);

/** The file of the user's application, to be bundled into the image; undefined for those that come along. */
export const bundledApp = (config: Pick<Config, 'app'>): string | undefined =>
  isOfUser(config) ? appFile(appOf(config)) : undefined;

/** The file of the application whose page is the inspector; undefined for the game, which has a page of its own. */
export function inspectedApp({ app }: Pick<Config, 'app'>): string | undefined {
  if (app === GAME) return undefined;
  return APP_NAMES.includes(app) ? path.join(APPS, app, 'app.ts') : appFile(fromCheckout(app));
}

/**
 * As `checkApp`, where containers play it: an image that the configuration names has its application already.
 * @throws ConfigError
 */
export async function checkAppOfImage(config: Pick<Config, 'app' | 'image'>): Promise<void> {
  if (config.image === '') await checkApp(config);
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
