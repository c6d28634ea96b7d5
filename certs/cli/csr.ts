import { requireOutputs, writeOutput } from '../directory/output-file.ts';
import { readPassphrase } from '../text-file.ts';
import { createRequest, describeRequest, parseRequestKeyType, withOtherNames } from '../x509/certificate-request.ts';
import { parseKeyType, privateKeyPem } from '../x509/keys.ts';
import { normalizeNames } from '../x509/names.ts';
import { requestFromConfig } from '../x509/openssl-request.ts';
import { type Command, directoryOf, EXIT, nameFlags, usage, type Values } from './command.ts';

export const command: Command = {
  name: 'csr',
  summary: 'Makes a key and a request to certify it',
  details: `
What to ask for comes from flags, or from a configuration of "openssl req"; flags win. The file is read by openssl,
which has to be installed, as by "openssl req -new -batch": prompts are answered with their defaults. Its key is P-256
unless [req] has key_type, or default_bits for RSA.

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
    reqexts: { value: '<section>', help: 'the section of it with the extensions, as for openssl' },
    'key-type': { value: '<type>', help: 'P-256 (default), P-384, RSA-2048, RSA-4096 or Ed25519' },
    out: { value: '<file>', help: 'gets the request' },
    'key-out': { value: '<file>', help: 'gets the key, readable by its owner alone' },
    'passphrase-file': { value: '<file>', help: 'encrypts the key with the first line of this file' },
  },
  async run(values, output) {
    const [out, keyOut] = [values.required('out'), values.required('key-out')];
    const [config, file] = [values.string('config'), values.string('passphrase-file')];
    if (values.string('reqexts') !== undefined && config === undefined)
      throw usage('--reqexts names a section of --config: give both.');
    requireOutputs(directoryOf(values), [keyOut, out], { inputs: [config, file] });
    const passphrase = file === undefined ? undefined : readPassphrase(file);
    const { request, privateKey } = config === undefined ? await fromFlags(values) : await fromConfig(values, config);
    const { dnsNames, ipAddresses } = await describeRequest(request, out);
    writeOutput(keyOut, privateKeyPem(privateKey, passphrase));
    writeOutput(out, request, 0o644);
    const names = [...dnsNames, ...ipAddresses];
    if (names.length === 0) output.warn('The request names no server: add subjectAltName to the file, or give --dns.');
    output.result(`${out} asks for ${names.join(', ') || 'no name'}; its key is ${keyOut}`, {
      out,
      keyOut,
      dnsNames,
      ipAddresses,
    });
    return EXIT.done;
  },
};

function fromFlags(values: Values) {
  const [dnsNames, ipAddresses] = [values.strings('dns'), values.strings('ip')];
  const [subject, keyType] = [values.string('subject'), values.string('key-type')];
  const [first] = dnsNames;
  const commonName = first === undefined ? [] : ([['CN', first]] as const);
  return createRequest({
    subject: subject === undefined ? [...commonName] : parseSubject(subject),
    dnsNames,
    ipAddresses,
    keyType: keyType === undefined ? undefined : parseKeyType(keyType),
  });
}

/** What the file asks for; subject and names of the flags take the place of its own. */
async function fromConfig(values: Values, config: string) {
  const [dnsNames, ipAddresses] = [values.strings('dns'), values.strings('ip')];
  const [subject, keyType] = [values.string('subject'), values.string('key-type')];
  const made = await requestFromConfig({
    config,
    extensions: values.string('reqexts'),
    keyType: keyType === undefined ? undefined : parseRequestKeyType(keyType),
  });
  const names = dnsNames.length + ipAddresses.length > 0 ? normalizeNames(dnsNames, ipAddresses) : undefined;
  if (subject === undefined && names === undefined) return made;
  const other = { subject: subject === undefined ? undefined : parseSubject(subject), names };
  return { ...made, request: await withOtherNames(made.request, made.privateKey, other) };
}

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
