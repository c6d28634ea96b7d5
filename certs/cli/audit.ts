import { existsSync } from 'node:fs';
import { parseEndpoint } from '../edge/tls-endpoint.ts';
import { audit } from '../renewal/audit.ts';
import { readCertificates } from '../x509/pem.ts';
import { type Command, directoryOf, EXIT } from './command.ts';
import { findingsText } from './text.ts';

export const command: Command = {
  name: 'audit',
  positionals: '[<file>...]',
  summary: 'Looks for what is wrong, or will be, with certificates on disk and in use',
  details: `
Checks the directory, the files and the endpoints given: expiry, chain, keys, names, lifetimes that browsers accept,
TLS versions, permissions of key files, revocation lists. Errors exit 1; warnings exit 0.`,
  flags: {
    endpoint: { value: '<host:port>', multiple: true, help: 'a TLS server; may be repeated' },
    'server-name': { value: '<name>', help: 'what the endpoints are asked for, when it is not their host' },
    root: { value: '<file>', multiple: true, help: 'trust these roots instead of those of the directory' },
  },
  async run(values, output) {
    const directory = directoryOf(values);
    const serverName = values.string('server-name');
    const endpoints = values.strings('endpoint').map((text) => ({
      ...parseEndpoint(text),
      ...(serverName === undefined ? {} : { serverName }),
    }));
    // Whoever asks for a file or an endpoint need not have an authority.
    const other = endpoints.length + values.positionals.length > 0;
    const result = await audit({
      dir: other && values.string('dir') === undefined && !existsSync(directory) ? undefined : directory,
      files: values.positionals,
      endpoints,
      roots: values.strings('root').flatMap(readCertificates),
    });
    const errors = result.findings.filter(({ level }) => level === 'error').length;
    const verdict = `${result.checked.join(', ')}: ${errors} errors, ${result.findings.length - errors} warnings`;
    output.result([findingsText(result.findings), verdict].filter((part) => part !== '').join('\n'), result);
    return result.good ? EXIT.done : EXIT.failed;
  },
};
