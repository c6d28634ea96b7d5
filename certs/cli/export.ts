import { resolve } from 'node:path';
import { exportFormats } from '../lifecycle/export.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, passphraseIn } from './options.ts';
import { runs, usage } from './output.ts';
import { oneOf } from './values.ts';

const exportCommand = command('export', 'write a certificate in another format')
  .description('Writes certificates in another format; by default the leaf of the directory.')
  .argument('[file]', 'the file with the certificates')
  .option('--format <format>', 'pem, der, pkcs12 or bundle, see below', oneOf(exportFormats), 'pem' as const)
  .requiredOption('--out <file>', 'where to write it')
  .option('--passphrase-file <file>', 'encrypts a PKCS#12 file with the first line of this file')
  .option('--name <name>', 'friendly name of the key in a PKCS#12 file', 'gridlock')
  .addHelpText(
    'after',
    `
Formats:
  pem     the certificates, without the key
  der     the first certificate, binary
  pkcs12  certificate, chain and key, encrypted with the passphrase; for Java, Windows, macOS and
          browsers
  bundle  every root that clients should trust; the place is recorded, so that rollover can say
          where the next root is missing`,
  );

export default addCommonOptions(exportCommand).action(
  runs(async (output, file, options) => {
    const { exportCertificates } = await import('../lifecycle/export.ts');
    const { recordConsumer } = await import('../directory/consumers.ts');
    const { requireOutputs, writeOutput } = await import('../directory/output-file.ts');
    const [dir, { out, format, passphraseFile, name }] = [directoryOf(options), options];
    if (format === 'pkcs12' && passphraseFile === undefined)
      throw usage('A PKCS#12 file holds the key: give --passphrase-file.');
    requireOutputs(dir, [out], { inputs: [file, passphraseFile] });
    const data = await exportCertificates({ dir, file, format, passphrase: passphraseIn(passphraseFile), name });
    writeOutput(out, data, format === 'pkcs12' ? 0o600 : 0o644);
    if (format === 'bundle') await recordConsumer(dir, { kind: 'file', place: resolve(out) });
    output.result(`wrote ${out} (${format})`, { out, format });
    return EXIT.done;
  }),
);
