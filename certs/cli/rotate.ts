import { rotate } from '../lifecycle/rotate.ts';
import { readPassphrase } from '../text-file.ts';
import { parseKeyType } from '../x509/keys.ts';
import { type Command, directoryOf, EXIT, passphraseFlag, usage } from './command.ts';
import { edgeText, summaryText } from './text.ts';

export const command: Command = {
  name: 'rotate',
  positionals: 'leaf|intermediate',
  summary: 'Replaces key and certificate of the leaf, or of intermediate and leaf, without a restart',
  details: `
The new leaf goes into the memory of the running edge and is asked for in a fresh handshake; when clients would
accept it, it is written to disk, otherwise the earlier one is served again and nothing is changed. Connections stay.
An intermediate takes the root's key.`,
  flags: { 'key-type': { value: '<type>', help: 'of the new keys (default: as before)' }, ...passphraseFlag },
  async run(values, output) {
    const [role] = values.positionals;
    if (role !== 'leaf' && role !== 'intermediate') throw usage('Say what to rotate: leaf or intermediate.');
    const [file, keyType] = [values.string('passphrase-file'), values.string('key-type')];
    const { edge, certificates } = await rotate({
      dir: directoryOf(values),
      role,
      passphrase: file === undefined ? undefined : readPassphrase(file),
      keyType: keyType === undefined ? undefined : parseKeyType(keyType),
    });
    output.result(`${summaryText(certificates)}\n${edgeText(edge)}`, { certificates, edge });
    return EXIT.done;
  },
};
