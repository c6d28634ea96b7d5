import { writeOut } from '../lifecycle/issue.ts';
import { createRequest } from '../x509/certificate-request.ts';
import { parseKeyType, readPassphrase } from '../x509/keys.ts';
import { readBytes } from '../x509/pem.ts';
import { parseRequestConfig, type RequestOptions } from '../x509/request-config.ts';
import { type Command, EXIT, nameFlags, usage } from './command.ts';

export const command: Command = {
  name: 'csr',
  summary: 'Makes a key and a request to certify it',
  details: `
What to ask for comes from flags, or from a file as one writes it for "openssl req -config"; flags win.

  [req]
  distinguished_name = subject
  req_extensions = extensions
  key_type = P-256
  [subject]
  CN = game.example
  [extensions]
  subjectAltName = @names
  [names]
  DNS.1 = game.example
  IP.1 = 192.0.2.1`,
  flags: {
    ...nameFlags,
    subject: { value: '<name>', help: 'as "/O=Example/CN=game.example" (default: the first name)' },
    config: { value: '<file>', help: 'a configuration of openssl req' },
    'key-type': { value: '<type>', help: 'P-256 (default), P-384, RSA-2048, RSA-4096 or Ed25519' },
    out: { value: '<file>', help: 'gets the request' },
    'key-out': { value: '<file>', help: 'gets the key, readable by its owner alone' },
    'passphrase-file': { value: '<file>', help: 'encrypts the key with the first line of this file' },
  },
  async run(values, output) {
    const [out, keyOut] = [values.required('out'), values.required('key-out')];
    const config = values.string('config');
    const keyType = values.string('key-type');
    const subject = values.string('subject');
    const options: RequestOptions =
      config === undefined
        ? { subject: [], dnsNames: [], ipAddresses: [] }
        : parseRequestConfig(readBytes(config).toString('utf8'), config);
    const given = values.strings('dns').length + values.strings('ip').length > 0;
    if (given) Object.assign(options, { dnsNames: values.strings('dns'), ipAddresses: values.strings('ip') });
    if (keyType !== undefined) options.keyType = parseKeyType(keyType);
    if (subject !== undefined) options.subject = parseSubject(subject);
    const [first] = options.dnsNames;
    if (options.subject.length === 0 && first !== undefined) options.subject = [['CN', first]];
    const file = values.string('passphrase-file');
    const { request, key } = await createRequest(options, file === undefined ? undefined : readPassphrase(file));
    writeOut(keyOut, key);
    writeOut(out, request, 0o644);
    const { dnsNames, ipAddresses } = options;
    output.result(`${out} asks for ${[...dnsNames, ...ipAddresses].join(', ')}; its key is ${keyOut}`, {
      out,
      keyOut,
      dnsNames,
      ipAddresses,
    });
    return EXIT.done;
  },
};

function parseSubject(text: string): (readonly [string, string])[] {
  return text
    .split('/')
    .filter((part) => part !== '')
    .map((part) => {
      const match = /^(CN|O|OU|C|ST|L)=(.+)$/.exec(part);
      if (match === null) throw usage(`"${text}" is no subject: write it as "/O=Example/CN=game.example".`);
      return [match[1]!, match[2]!] as const;
    });
}
