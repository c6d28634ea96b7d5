import path from 'node:path';
import { command, exits } from '../kit/command.ts';

const ARTIFACTS = path.resolve(import.meta.dirname, '../../.artifacts');

export default command('infra-package', 'build the package of the Pulumi components')
  .description(
    'Builds the npm package of the Pulumi components, which is a plugin of Pulumi for other languages too, and prints ' +
      'where the archive is.',
  )
  .action(
    exits(async () => {
      const { packInfra } = await import('../../infra/package/pack.ts');
      process.stdout.write(`${path.relative(process.cwd(), await packInfra(ARTIFACTS))}\n`);
      return 0;
    }),
  );
