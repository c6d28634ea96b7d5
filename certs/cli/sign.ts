import { requireOutputs, writeOutput } from '../directory/output-file.ts';
import { readBytes } from '../text-file.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf } from './options.ts';
import { runs } from './output.ts';
import { capped, summaryText } from './text.ts';
import { days } from './values.ts';

const sign = command('sign', 'certify the key of a request')
  .description('Certifies the key of a request, made by csr or by openssl.')
  .argument('<request>', 'the file with the request')
  .option('--days <days>', 'how long it is valid (default and maximum: what the authority allows a leaf)', days)
  .requiredOption('--out <file>', 'file to write the certificate and its intermediate to')
  .addHelpText(
    'after',
    `
The request has to be signed by its own key, and to name servers that the intermediate may sign for.
Only its names and its key are used: the authority sets usages, subject and lifetime. The output
lists everything else that the request asked for.`,
  );

export default addCommonOptions(sign).action(
  runs(async (output, path, options) => {
    const { signRequest } = await import('../lifecycle/issue.ts');
    const [dir, { out }] = [directoryOf(options), options];
    requireOutputs(dir, [out], { inputs: [path] });
    const signed = await signRequest({ dir, request: readBytes(path), path, duration: options.days });
    writeOutput(out, signed.certificates, 0o644);
    const certificate = { ...signed.summary, path: out };
    if (signed.dropped.length > 0) output.warn(`Not taken from the request: ${signed.dropped.join(', ')}.`);
    capped(output, signed.shortenedFrom);
    output.result(summaryText([certificate]), { certificate, dropped: signed.dropped });
    return EXIT.done;
  }),
);
