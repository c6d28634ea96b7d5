import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readBytes } from '../text-file.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, ROOTS } from './options.ts';
import { runs } from './output.ts';
import { detailsText, findingsText } from './text.ts';
import { several, time } from './values.ts';

const verify = command('verify', 'check a chain as a client does')
  .description('Checks a chain as a client does, and a browser in particular.')
  .argument('[file]', 'the file with the chain (default: the leaf of the directory)')
  .addOption(ROOTS)
  .option('--name <name>', 'a DNS name or address that the certificate has to cover; may be repeated', several(String))
  .option('--key-file <file>', 'the private key, if another file has it')
  .option('--crl <file>', 'a further revocation list to those of the directory; may be repeated', several(String))
  .option('--require-crl', 'fail if an authority of the chain has no revocation list')
  .option('--at <time>', 'check for another moment, such as 2027-01-31T12:00:00Z', time)
  .addHelpText(
    'after',
    `
The file holds the leaf first, then its intermediate. A key in it has to belong to the leaf.
Warnings do not fail the check.`,
  );

export default addCommonOptions(verify).action(
  runs(async (output, file, options) => {
    const { loadTrust } = await import('../directory/authority-files.ts');
    const { readCertificates, readPem } = await import('../x509/pem.ts');
    const { verifyChain } = await import('../x509/verify.ts');
    const directory = directoryOf(options);
    const path = file ?? join(directory, 'leaf.pem');
    const { certificates, keys } = readPem(path);
    const key = options.keyFile === undefined ? keys[0] : readPem(options.keyFile).keys[0];
    const roots = (options.root ?? []).flatMap(readCertificates);
    const lists = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.crl')) : [];
    const { path: chain, findings } = verifyChain({
      chain: certificates.map(({ raw }) => new X509Certificate(raw)),
      roots: roots.length > 0 ? roots : loadTrust(directory),
      key: key === 'encrypted' ? undefined : key,
      names: options.name ?? [],
      crls: [...(options.crl ?? []), ...lists.map((name) => join(directory, name))].map(readBytes),
      requireCrls: options.requireCrl === true,
      where: path,
      now: options.at ?? new Date(),
    });
    const good = !findings.some(({ level }) => level === 'error');
    const unread = key === 'encrypted' ? ', but its key is encrypted and was not compared' : '';
    const verdict = `${path}: ${good ? 'good' : 'not good'}${unread}`;
    const text = [...chain.map(detailsText), findingsText(findings), verdict].filter((part) => part !== '');
    output.result(text.join('\n\n'), { good, findings, chain, ...(unread === '' ? {} : { key: 'encrypted' }) });
    return good ? EXIT.done : EXIT.failed;
  }),
);
