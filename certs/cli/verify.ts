import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadTrust } from '../directory/authority-files.ts';
import { readBytes } from '../text-file.ts';
import { readCertificates, readPem } from '../x509/pem.ts';
import { verifyChain } from '../x509/verify.ts';
import { type Command, directoryOf, EXIT, usage } from './command.ts';
import { detailsText, findingsText } from './text.ts';

export const command: Command = {
  name: 'verify',
  positionals: '[<file>]',
  summary: 'Checks a chain as a client, and a browser in particular, does',
  details: `
The file holds the leaf first, then its intermediate; a key in it has to belong to the leaf. Without a file the
leaf of the directory is checked. Warnings do not fail the check.`,
  flags: {
    root: { value: '<file>', multiple: true, help: 'trust these roots instead of those of the directory' },
    name: { value: '<name>', multiple: true, help: 'a DNS name or address the certificate has to be for' },
    'key-file': { value: '<file>', help: 'the private key, when it is in a file of its own' },
    crl: {
      value: '<file>',
      multiple: true,
      help: 'a revocation list; those in the directory are used anyway',
    },
    'require-crl': { help: 'fail when an authority of the chain has no revocation list' },
    at: { value: '<time>', help: 'check for another moment, as 2027-01-31T12:00:00Z' },
  },
  async run(values, output) {
    const directory = directoryOf(values);
    const path = values.positionals[0] ?? join(directory, 'leaf.pem');
    const { certificates, keys } = readPem(path);
    const keyFile = values.string('key-file');
    const key = keyFile === undefined ? keys[0] : readPem(keyFile).keys[0];
    const roots = values.strings('root').flatMap(readCertificates);
    const lists = existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.crl')) : [];
    const { path: chain, findings } = verifyChain({
      chain: certificates.map(({ raw }) => new X509Certificate(raw)),
      roots: roots.length > 0 ? roots : loadTrust(directory),
      key: key === 'encrypted' ? undefined : key,
      names: values.strings('name'),
      crls: [...values.strings('crl'), ...lists.map((name) => join(directory, name))].map(readBytes),
      requireCrls: values.boolean('require-crl'),
      where: path,
      now: parseTime(values.string('at')),
    });
    const good = !findings.some(({ level }) => level === 'error');
    const unread = key === 'encrypted' ? ', but its key is encrypted and was not compared' : '';
    const verdict = `${path}: ${good ? 'good' : 'not good'}${unread}`;
    const text = [...chain.map(detailsText), findingsText(findings), verdict].filter((part) => part !== '');
    output.result(text.join('\n\n'), { good, findings, chain, ...(unread === '' ? {} : { key: 'encrypted' }) });
    return good ? EXIT.done : EXIT.failed;
  },
};

function parseTime(text: string | undefined): Date {
  const time = text === undefined ? new Date() : new Date(text);
  if (Number.isNaN(time.getTime())) throw usage(`"${text}" is no time: write it as 2027-01-31T12:00:00Z.`);
  return time;
}
