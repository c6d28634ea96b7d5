import { command, exits } from '../kit/command.ts';
import { addStateDirOption, configArgs } from '../kit/config-options.ts';

const backup = command('backup', 'back up the Redis and the roots of a stack')
  .description(
    'Writes a snapshot of the Redis of a stack on Kubernetes, and its roots with their keys, which only a passphrase opens, into a directory. Games go on meanwhile.',
  )
  .requiredOption('--out <dir>', 'the directory, made if missing; a backup in it is never replaced')
  .option('--passphrase-file <file>', 'a file whose first line encrypts the keys');

export default addStateDirOption(backup).action(
  exits(async ({ out, passphraseFile, ...options }) => {
    const { backUp, runningStack } = await import('../../infra/backup/stack-backup.ts');
    for (const file of await backUp(runningStack(configArgs(options)), { out, passphraseFile })) {
      process.stdout.write(`${file}\n`);
    }
    return 0;
  }),
);
