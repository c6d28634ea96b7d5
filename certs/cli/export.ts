import { resolve } from 'node:path';
import { recordConsumer } from '../directory/consumers.ts';
import { requireOutputs, writeOutput } from '../directory/output-file.ts';
import { type ExportFormat, exportCertificates, exportFormats } from '../lifecycle/export.ts';
import { readPassphrase } from '../text-file.ts';
import { type Command, directoryOf, EXIT, usage } from './command.ts';

export const command: Command = {
  name: 'export',
  positionals: '[<file>]',
  summary: 'Writes certificates in another format; by default the leaf of the directory',
  details: `
pem     the certificates, without the key
der     the first certificate, binary
pkcs12  certificate, chain and key, encrypted with the passphrase; for Java, Windows, macOS and browsers
bundle  every root that clients shall trust; the file is remembered, so that rollover can tell who needs the next root`,
  flags: {
    format: { value: '<format>', help: 'pem (default), der, pkcs12 or bundle' },
    out: { value: '<file>', help: 'gets it' },
    'passphrase-file': { value: '<file>', help: 'encrypts a PKCS#12 file with the first line of this file' },
    name: { value: '<name>', help: 'what a PKCS#12 file calls the key (default gridlock)' },
  },
  async run(values, output) {
    const directory = directoryOf(values);
    const [out, format] = [values.required('out'), values.string('format') ?? 'pem'];
    if (!exportFormats.includes(format as ExportFormat)) {
      throw usage(`"${format}" is no format: use one of ${exportFormats.join(', ')}.`);
    }
    const file = values.string('passphrase-file');
    if (format === 'pkcs12' && file === undefined) throw usage('A PKCS#12 file holds the key: give --passphrase-file.');
    requireOutputs(directory, [out], { inputs: [values.positionals[0], file] });
    const data = await exportCertificates({
      dir: directory,
      file: values.positionals[0],
      format: format as ExportFormat,
      passphrase: file === undefined ? undefined : readPassphrase(file),
      name: values.string('name') ?? 'gridlock',
    });
    writeOutput(out, data, format === 'pkcs12' ? 0o600 : 0o644);
    if (format === 'bundle') await recordConsumer(directory, { kind: 'file', place: resolve(out) });
    output.result(`wrote ${out} (${format})`, { out, format });
    return EXIT.done;
  },
};
