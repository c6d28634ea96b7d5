import { requireOutputs, writeOutput } from '../directory/output-file.ts';
import { signRequest } from '../lifecycle/issue.ts';
import { readBytes } from '../text-file.ts';
import { type Command, directoryOf, EXIT, missing, parseDays } from './command.ts';
import { capped, summaryText } from './text.ts';

export const command: Command = {
  name: 'sign',
  positionals: '<request.pem>',
  summary: 'Certifies the key of a request, made by csr or by openssl',
  details: `
The request has to be signed by its own key and to name servers that the intermediate may sign for. Names and key
are all that is taken from it: usages, subject and lifetime are the authority's, and what else it asks for is
listed as dropped.`,
  flags: {
    days: {
      value: '<days>',
      help: 'how long it is valid (default and most: what the authority allows a leaf)',
    },
    out: { value: '<file>', help: 'gets the certificate and its intermediate' },
  },
  async run(values, output) {
    const [path] = values.positionals;
    if (path === undefined) missing(command, 'the file with the request');
    const out = values.required('out');
    requireOutputs(directoryOf(values), [out], { inputs: [path] });
    const signed = await signRequest({
      dir: directoryOf(values),
      request: readBytes(path),
      path,
      duration: parseDays(values.string('days')),
    });
    writeOutput(out, signed.certificates, 0o644);
    const certificate = { ...signed.summary, path: out };
    if (signed.dropped.length > 0) output.warn(`Not taken from the request: ${signed.dropped.join(', ')}.`);
    capped(output, signed.shortenedFrom);
    output.result(summaryText([certificate]), { certificate, dropped: signed.dropped });
    return EXIT.done;
  },
};
