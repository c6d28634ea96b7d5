import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { printable } from '../printable.ts';
import { detailsOf } from '../x509/details.ts';
import { readCertificates } from '../x509/pem.ts';
import { type Command, directoryOf, EXIT, usage } from './command.ts';
import { detailsText } from './text.ts';

export const command: Command = {
  name: 'show',
  positionals: '[<file>...]',
  summary: 'Prints what certificates say; by default those of the directory',
  flags: {},
  async run(values, output) {
    const directory = directoryOf(values);
    const files = values.positionals.length > 0 ? values.positionals : filesIn(directory);
    const certificates = files.flatMap((path) =>
      readCertificates(path).map((certificate) => ({ path, ...detailsOf(certificate) })),
    );
    const text = certificates.map((details) => `${printable(details.path)}\n${detailsText(details)}`).join('\n\n');
    output.result(text, { certificates });
    return EXIT.done;
  },
};

function filesIn(directory: string): string[] {
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.pem')) : [];
  // The bundle repeats what the other files hold.
  const files = names.filter((name) => name !== 'roots.pem').map((name) => join(directory, name));
  if (files.length > 0) return files.sort();
  throw usage(`There are no certificates in ${directory}: name a file, a --dir, or make an authority with init.`);
}
