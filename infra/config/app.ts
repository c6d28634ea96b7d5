import path from 'node:path';
import { APP_NAMES, appFile, loadApp } from '../../services/apps/load-app.ts';
import { type Config, ConfigError, fromCheckout } from './config.ts';

/** The application that has its own page. */
const GAME = 'grid';
const APPS = path.resolve(import.meta.dirname, '../../services/apps');

/** The application for a replica on this machine: the name of a built-in application, or a folder. */
export const appOf = ({ app }: Pick<Config, 'app'>): string => (APP_NAMES.includes(app) ? app : fromCheckout(app));

/** Whether the application is the user's own folder or file. */
const isOfUser = ({ app }: Pick<Config, 'app'>): boolean => !APP_NAMES.includes(app);

/** The place in the image of an application that is not built in. */
export const APP_IN_IMAGE = '/app/app.mjs';

/** The application for a replica in a container: a name, or the file in the image. */
export const appInImage = (config: Pick<Config, 'app'>): string => (isOfUser(config) ? APP_IN_IMAGE : config.app);

/** The file of the user's application, to be bundled into the image; undefined for built-in ones. */
export const bundledApp = (config: Pick<Config, 'app'>): string | undefined =>
  isOfUser(config) ? appFile(appOf(config)) : undefined;

/** The file of the application whose page is the inspector; undefined for the game, which has its own page. */
export function inspectedApp({ app }: Pick<Config, 'app'>): string | undefined {
  if (app === GAME) return undefined;
  return APP_NAMES.includes(app) ? path.join(APPS, app, 'app.ts') : appFile(fromCheckout(app));
}

/**
 * Like `checkApp`, for containers: an image that the configuration names already has its application.
 * @throws ConfigError
 */
export async function checkAppOfImage(config: Pick<Config, 'app' | 'image'>): Promise<void> {
  if (config.image === '') await checkApp(config);
}

/**
 * Loads the application, to find faults in it before anything is started.
 * @throws ConfigError
 */
export async function checkApp(config: Pick<Config, 'app'>): Promise<void> {
  await loadApp(appOf(config)).catch((error: Error) => {
    throw new ConfigError(error.message);
  });
}
