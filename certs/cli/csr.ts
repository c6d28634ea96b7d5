import { command, EXIT } from './command.ts';
import { addCommonOptions, DNS, directoryOf, IP, passphraseIn } from './options.ts';
import { runs, usage } from './output.ts';
import { refuse } from './values.ts';

interface Asked {
  dns?: string[] | undefined;
  ip?: string[] | undefined;
  subject?: (readonly [string, string])[] | undefined;
  keyType?: string | undefined;
  reqexts?: string | undefined;
}

const csr = command('csr', 'make a key and the request to certify it')
  .description('Makes a key and a request to certify it.')
  .addOption(DNS)
  .addOption(IP)
  .option('--subject <name>', 'as "/O=Example/CN=game.example" (default: the first name)', parseSubject)
  .option('--config <file>', 'a configuration of openssl req')
  .option('--reqexts <section>', 'the section of it with the extensions, as for openssl')
  .option('--key-type <type>', 'P-256 (default), P-384, RSA-2048, RSA-4096 or Ed25519')
  .requiredOption('--out <file>', 'file to write the request to')
  .requiredOption('--key-out <file>', 'file to write the key to; only its owner can read it')
  .option('--passphrase-file <file>', 'encrypts the key with the first line of this file')
  .addHelpText(
    'after',
    `
Say what to ask for with flags or with a configuration of "openssl req"; flags win. openssl reads
that file as "openssl req -new -batch" does, so that the defaults answer its prompts, and has to be
installed.
The key is P-256 unless [req] has key_type, or default_bits for RSA.

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
  );

export default addCommonOptions(csr).action(
  runs(async (output, options) => {
    const { requireOutputs, writeOutput } = await import('../directory/output-file.ts');
    const { describeRequest } = await import('../x509/certificate-request.ts');
    const { privateKeyPem } = await import('../x509/keys.ts');
    const { out, keyOut, config, passphraseFile } = options;
    if (options.reqexts !== undefined && config === undefined)
      throw usage('--reqexts names a section of --config: give both.');
    requireOutputs(directoryOf(options), [keyOut, out], { inputs: [config, passphraseFile] });
    const passphrase = passphraseIn(passphraseFile);
    const { request, privateKey } = config === undefined ? await fromFlags(options) : await fromConfig(options, config);
    const { dnsNames, ipAddresses } = await describeRequest(request, out);
    writeOutput(keyOut, privateKeyPem(privateKey, passphrase));
    writeOutput(out, request, 0o644);
    const names = [...dnsNames, ...ipAddresses];
    if (names.length === 0) output.warn('The request names no server: add subjectAltName to the file, or give --dns.');
    const text = `${out} asks for ${names.join(', ') || 'no name'}; its key is ${keyOut}`;
    output.result(text, { out, keyOut, dnsNames, ipAddresses });
    return EXIT.done;
  }),
);

async function fromFlags({ dns = [], ip = [], subject, keyType }: Asked) {
  const { createRequest } = await import('../x509/certificate-request.ts');
  const { parseKeyType } = await import('../x509/keys.ts');
  const [first] = dns;
  return createRequest({
    subject: subject ?? (first === undefined ? [] : [['CN', first]]),
    dnsNames: dns,
    ipAddresses: ip,
    keyType: keyType === undefined ? undefined : parseKeyType(keyType),
  });
}

/** The request that the file describes. The flags replace its subject and names. */
async function fromConfig({ dns = [], ip = [], subject, keyType, reqexts }: Asked, config: string) {
  const { parseRequestKeyType, withOtherNames } = await import('../x509/certificate-request.ts');
  const { normalizeNames } = await import('../x509/names.ts');
  const { requestFromConfig } = await import('../x509/openssl-request.ts');
  const made = await requestFromConfig({
    config,
    extensions: reqexts,
    keyType: keyType === undefined ? undefined : parseRequestKeyType(keyType),
  });
  const names = dns.length + ip.length > 0 ? normalizeNames(dns, ip) : undefined;
  if (subject === undefined && names === undefined) return made;
  return { ...made, request: await withOtherNames(made.request, made.privateKey, { subject, names }) };
}

function parseSubject(text: string): (readonly [string, string])[] {
  const parts = text.split('/').filter((part) => part !== '');
  return parts.map((part) => {
    const match = /^(CN|O|OU|C|ST|L)=(.+)$/.exec(part);
    return match === null ? refuse('a subject such as "/O=Example/CN=game.example"') : [match[1]!, match[2]!];
  });
}
