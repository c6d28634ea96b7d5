import path from 'node:path';
import { command, exits } from '../kit/command.ts';

const ARTIFACTS = path.resolve(import.meta.dirname, '../../.artifacts');

export default command('sdk', 'build the package of the client SDK')
  .description('Builds the npm package of the client SDK, and prints where the archive is.')
  .action(
    exits(async () => {
      const { packSdk } = await import('../../services/client/package/pack.ts');
      process.stdout.write(`${path.relative(process.cwd(), await packSdk(ARTIFACTS))}\n`);
      return 0;
    }),
  );
