import { command, exits } from '../kit/command.ts';
import { addStateDirOption, configArgs } from '../kit/config-options.ts';

const redis = command('redis', 'replace the data in Redis')
  .description(
    'Replaces everything in the Redis of a stack on Kubernetes by the snapshot of a backup. It refuses while servers run, and says how to stop them.',
  )
  .requiredOption('--from <dir>', 'the directory of the backup');

const root = command('root', 'put the roots back')
  .description(
    'Replaces the roots that a stack on Kubernetes made for itself by those of a backup, so that clients that trust them keep working. Then npm run rotate -- intermediate lets them sign.',
  )
  .requiredOption('--from <dir>', 'the directory of the backup')
  .option('--passphrase-file <file>', 'the passphrase that the keys were encrypted with');

export default command('restore', 'restore a backup of a stack')
  .description('Restores what gridlock backup wrote.')
  .addCommand(
    addStateDirOption(redis).action(
      exits(async ({ from, ...options }) => {
        const { restoreRedisOf, runningStack } = await import('../../infra/backup/stack-backup.ts');
        await restoreRedisOf(runningStack(configArgs(options)), from);
        process.stdout.write('Redis has the data of the backup: start the servers.\n');
        return 0;
      }),
    ),
  )
  .addCommand(
    addStateDirOption(root).action(
      exits(async ({ from, passphraseFile, ...options }) => {
        const { restoreRootsOf, runningStack } = await import('../../infra/backup/stack-backup.ts');
        const names = await restoreRootsOf(runningStack(configArgs(options)), { from, passphraseFile });
        process.stdout.write(`${names.join('\n')}\nNext: npm run rotate -- intermediate\n`);
        return 0;
      }),
    ),
  );
