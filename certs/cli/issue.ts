import { issueLeaf } from '../lifecycle/issue.ts';
import { parseKeyType } from '../x509/keys.ts';
import { type Command, directoryOf, EXIT, nameFlags, parseDays } from './command.ts';
import { capped, summaryText } from './text.ts';

export const command: Command = {
  name: 'issue',
  summary: 'Makes a key and a server certificate for it',
  details: `
Writes the certificate, its intermediate and the key into one file, as HAProxy reads it. Replaces the file as a
whole, readable by its owner alone.`,
  flags: {
    ...nameFlags,
    out: { value: '<file>', help: 'gets certificate, intermediate and key' },
    days: {
      value: '<days>',
      help: 'how long it is valid (default and most: what the authority allows a leaf)',
    },
    'key-type': { value: '<type>', help: 'P-256 (default), P-384, RSA-2048, RSA-4096 or Ed25519' },
    reuse: { help: 'keep the file when it is as asked for and not due for renewal' },
  },
  async run(values, output) {
    const keyType = values.string('key-type');
    const leaf = await issueLeaf({
      dir: directoryOf(values),
      dnsNames: values.strings('dns'),
      ipAddresses: values.strings('ip'),
      out: values.required('out'),
      duration: parseDays(values.string('days')),
      keyType: keyType === undefined ? undefined : parseKeyType(keyType),
      reuse: values.boolean('reuse'),
    });
    capped(output, leaf.shortenedFrom);
    output.result(summaryText([leaf.summary]), { certificate: leaf.summary, issued: leaf.issued });
    return EXIT.done;
  },
};
