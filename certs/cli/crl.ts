import { refreshCrls } from '../lifecycle/revoke.ts';
import { readPassphrase } from '../text-file.ts';
import { type Command, directoryOf, EXIT, passphraseFlag } from './command.ts';

export const command: Command = {
  name: 'crl',
  summary: 'Signs the revocation lists anew, those that it has the keys for',
  details: 'The watch command does this by itself when half their time is over.',
  flags: passphraseFlag,
  async run(values, output) {
    const file = values.string('passphrase-file');
    const lists = await refreshCrls({
      dir: directoryOf(values),
      force: true,
      passphrase: file === undefined ? undefined : readPassphrase(file),
    });
    output.result(`signed ${lists.join(', ')}`, { lists });
    return EXIT.done;
  },
};
