import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { statePaths } from '../../infra/local/state-paths.ts';
import { UsageError } from '../../infra/usage-error.ts';
import { ONE_ADDRESS, startCluster } from '../../loadtest/kit/cluster.ts';
import { openBrowser } from '../kit/chromium.ts';
import { board, breakIt, lobby, type Studio, survives, winner } from './gallery.ts';
import { operations, report } from './operations.ts';

/** The name that invitations show; the page is opened by a name of this machine. */
const HOST = 'play.example';
const LAPTOP = { width: 1280, height: 800 } as const;

const PICTURES: Readonly<Record<string, (studio: Studio) => Promise<void>>> = {
  board,
  winner,
  // With a player among the best of the day.
  lobby,
  'break-it': breakIt,
  survives,
  operations,
  report,
};
const PICTURE_NAMES = Object.keys(PICTURES);

/**
 * Takes the pictures of the documentation on a cluster that is started for them: those that are named, or all.
 * @throws UsageError for an unknown name
 */
export async function takeScreenshots(names: readonly string[], directory: string): Promise<void> {
  const unknown = names.find((name) => !Object.hasOwn(PICTURES, name));
  if (unknown !== undefined)
    throw new UsageError(`There is no picture "${unknown}"; there are ${PICTURE_NAMES.join(', ')}.`);
  mkdirSync(directory, { recursive: true });
  const cluster = await startCluster({ host: HOST, breakIt: 'on', env: ONE_ADDRESS });
  const browser = await openBrowser({
    rootCertificate: path.join(cluster.stateDir, 'pki', 'root.pem'),
    viewport: LAPTOP,
    colorScheme: 'light',
  });
  try {
    const studio: Studio = {
      ...{ url: cluster.url.replace(HOST, 'localhost'), directory, rootPem: cluster.rootPem },
      operationsUrl: (await cluster.status()).operationsUrl,
      operatorKeysFile: statePaths(cluster.stateDir).operatorKeys,
      openPage: async ({ width = LAPTOP.width, height = LAPTOP.height, colorScheme = 'light' } = {}) => {
        const page = await browser.newPage();
        await page.setViewportSize({ width, height });
        await page.emulateMedia({ colorScheme });
        return page;
      },
    };
    for (const name of names.length === 0 ? PICTURE_NAMES : names) {
      await PICTURES[name]!(studio);
      console.log(`${name}: done`);
    }
  } finally {
    await browser.close();
    await cluster.stop();
  }
}
