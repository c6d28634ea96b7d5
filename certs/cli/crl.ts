import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, PASSPHRASE_FILE, passphraseIn } from './options.ts';
import { runs } from './output.ts';

const crl = command('crl', 'sign new revocation lists')
  .description('Signs new revocation lists for the authorities whose keys are in the directory.')
  .addOption(PASSPHRASE_FILE)
  .addHelpText('after', '\nThe watch command does this once half the lifetime of the lists has passed.');

export default addCommonOptions(crl).action(
  runs(async (output, options) => {
    const { refreshCrls } = await import('../lifecycle/revoke.ts');
    const passphrase = passphraseIn(options.passphraseFile);
    const lists = await refreshCrls({ dir: directoryOf(options), force: true, passphrase });
    output.result(`signed ${lists.join(', ')}`, { lists });
    return EXIT.done;
  }),
);
