import { parseKeyType } from '../x509/keys.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, PASSPHRASE_FILE, passphraseIn } from './options.ts';
import { runs } from './output.ts';
import { edgeText, summaryText } from './text.ts';
import { oneOf } from './values.ts';

const rotate = command('rotate', 'replace leaf or intermediate in the running edge')
  .description('Replaces key and certificate of the leaf, or of intermediate and leaf, without a restart.')
  .argument('<role>', 'leaf or intermediate', oneOf(['leaf', 'intermediate']))
  .option('--key-type <type>', 'type of the new keys (default: as before)', parseKeyType)
  .addOption(PASSPHRASE_FILE)
  .addHelpText(
    'after',
    `
The new leaf goes into the memory of the running edge, and a fresh handshake checks it. If clients
would accept it, it is written to disk; otherwise the edge serves the earlier one again, and nothing
changes. Open connections stay. A new intermediate needs the root's key.`,
  );

export default addCommonOptions(rotate).action(
  runs(async (output, role, options) => {
    const { rotate } = await import('../lifecycle/rotate.ts');
    const passphrase = passphraseIn(options.passphraseFile);
    const dir = directoryOf(options);
    const { edge, certificates } = await rotate({ dir, role, passphrase, keyType: options.keyType });
    output.result(`${summaryText(certificates)}\n${edgeText(edge)}`, { certificates, edge });
    return EXIT.done;
  }),
);
