import { cpSync, existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes the page of an application into a directory: its own folder `web`, else the inspector; of the game, its page.
 * @param app The file of another application than the game.
 * @throws esbuild's `BuildFailure` when a source does not compile
 */
export async function writePage(directory: string, app: string | undefined): Promise<void> {
  const { buildPage, isBuilt } = await import('../../services/web/build.ts');
  await buildPage(directory, { app });
  const own = app === undefined || isBuilt(app) ? undefined : path.join(path.dirname(app), 'web');
  if (own !== undefined && existsSync(own)) cpSync(own, directory, { recursive: true });
}
