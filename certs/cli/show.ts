import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../printable.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf } from './options.ts';
import { runs, usage } from './output.ts';
import { detailsText } from './text.ts';

const show = command('show', 'print the contents of certificates')
  .description('Prints the contents of certificates; by default of those in the directory.')
  .argument('[file...]', 'files with certificates');

export default addCommonOptions(show).action(
  runs(async (output, named, options) => {
    const { detailsOf } = await import('../x509/details.ts');
    const { readCertificates } = await import('../x509/pem.ts');
    const files = named.length > 0 ? named : filesIn(directoryOf(options));
    const certificates = files.flatMap((path) =>
      readCertificates(path).map((certificate) => ({ path, ...detailsOf(certificate) })),
    );
    const text = certificates.map((details) => `${printable(details.path)}\n${detailsText(details)}`).join('\n\n');
    output.result(text, { certificates });
    return EXIT.done;
  }),
);

function filesIn(directory: string): string[] {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.pem')) : [];
  // The bundle repeats the contents of the other files.
  const files = names.filter((name) => name !== 'roots.pem').map((name) => join(directory, name));
  if (files.length > 0) return files.sort();
  throw usage(`There are no certificates in ${directory}: name a file, a --dir, or make an authority with init.`);
}
