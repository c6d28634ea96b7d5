import { existsSync } from 'node:fs';
import { parseEndpoint } from '../edge/tls-endpoint.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf, ROOTS } from './options.ts';
import { runs } from './output.ts';
import { findingsText } from './text.ts';
import { several } from './values.ts';

const audit = command('audit', 'find present and coming problems')
  .description('Finds present and coming problems of certificates on disk and in use.')
  .argument('[file...]', 'files with certificates')
  .option('--endpoint <host:port>', 'a TLS server; may be repeated', several(parseEndpoint))
  .option('--server-name <name>', 'server name to send to the endpoints (default: their host)')
  .addOption(ROOTS)
  .addHelpText(
    'after',
    `
Checks the directory and the files and endpoints that you name: expiry, chain, keys, names,
lifetimes that browsers accept, TLS versions, permissions of key files, revocation lists. Errors
exit 1; warnings exit 0.`,
  );

export default addCommonOptions(audit).action(
  runs(async (output, files, options) => {
    const { audit } = await import('../renewal/audit.ts');
    const { readCertificates } = await import('../x509/pem.ts');
    const { serverName, endpoint = [], root = [] } = options;
    const endpoints = endpoint.map((one) => ({ ...one, ...(serverName === undefined ? {} : { serverName }) }));
    // You need no authority to audit a file or an endpoint.
    const hasOther = endpoints.length + files.length > 0;
    const directory = directoryOf(options);
    const result = await audit({
      dir: hasOther && options.dir === undefined && !existsSync(directory) ? undefined : directory,
      files,
      endpoints,
      roots: root.flatMap(readCertificates),
    });
    const errors = result.findings.filter(({ level }) => level === 'error').length;
    const counts = `${counted(errors, 'error')}, ${counted(result.findings.length - errors, 'warning')}`;
    const verdict = `${result.checked.join(', ')}: ${counts}`;
    output.result([findingsText(result.findings), verdict].filter((part) => part !== '').join('\n'), result);
    return result.good ? EXIT.done : EXIT.failed;
  }),
);

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
