import { command, EXIT } from './command.ts';
import { addCommonOptions, DNS, directoryOf, IP, KEY_TYPE } from './options.ts';
import { runs } from './output.ts';
import { capped, summaryText } from './text.ts';
import { days } from './values.ts';

const issue = command('issue', 'make a key and its certificate')
  .description('Makes a key and a server certificate for it.')
  .addOption(DNS)
  .addOption(IP)
  .requiredOption('--out <file>', 'file to write certificate, intermediate and key to')
  .option('--days <days>', 'how long it is valid (default and maximum: what the authority allows a leaf)', days)
  .addOption(KEY_TYPE)
  .option('--reuse', 'keep a file that matches the request and is not due for renewal')
  .addHelpText(
    'after',
    `
Writes the certificate, its intermediate and the key into one file, as HAProxy reads it. The file is
replaced as a whole, and only its owner can read it.`,
  );

export default addCommonOptions(issue).action(
  runs(async (output, options) => {
    const { issueLeaf } = await import('../lifecycle/issue.ts');
    const leaf = await issueLeaf({
      dir: directoryOf(options),
      dnsNames: options.dns ?? [],
      ipAddresses: options.ip ?? [],
      out: options.out,
      duration: options.days,
      keyType: options.keyType,
      reuse: options.reuse === true,
    });
    capped(output, leaf.shortenedFrom);
    output.result(summaryText([leaf.summary]), { certificate: leaf.summary, issued: leaf.issued });
    return EXIT.done;
  }),
);
