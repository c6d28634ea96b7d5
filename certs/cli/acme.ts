import { resolve } from 'node:path';
import type { ChallengeSettings } from '../acme/challenges.ts';
import type { AcmeOrder } from '../acme/order.ts';
import { tsigAlgorithms } from '../acme/rfc2136.ts';
import { type Edge, readEdge } from '../edge/edge-deployment.ts';
import { parseEndpoint } from '../edge/tls-endpoint.ts';
import { parseKeyType } from '../x509/keys.ts';
import { command, EXIT } from './command.ts';
import { addCommonOptions, directoryOf } from './options.ts';
import { runs, usage } from './output.ts';
import { edgeText } from './text.ts';
import { oneOf, several } from './values.ts';
import { placeOf } from './watch.ts';

const declared = command('acme', "obtain a certificate from an ACME authority, such as Let's Encrypt")
  .description("Obtains a certificate from an ACME authority, Let's Encrypt by default, and has watch renew it.")
  .option('--dns <name>', 'a DNS name; may be repeated; *.name takes dns-01', several(String))
  .requiredOption('--out <file>', 'file to write certificate, chain and key to')
  .option('--server <url>', "the authority's directory (default Let's Encrypt)")
  .option('--email <address>', 'e-mail address of the account')
  .option(
    '--challenge <type>',
    'http-01, dns-01 or tls-alpn-01, see below',
    oneOf(['http-01', 'dns-01', 'tls-alpn-01']),
    'http-01' as const,
  )
  .option('--listen <place>', 'answer challenges at host:port or a UNIX socket', placeOf)
  .option('--rfc2136 <host:port>', 'name server for dns-01; with --zone, --tsig-name, --tsig-secret-file')
  .option('--zone <name>', 'the zone to update')
  .option('--tsig-name <name>', 'name of the TSIG key')
  .option('--tsig-secret-file <file>', 'file with the key in base64')
  .option('--tsig-algorithm <name>', tsigAlgorithms.join(', '), oneOf(tsigAlgorithms), tsigAlgorithms[0])
  .option('--dns-set <command>', 'command that sets the record')
  .option('--dns-clear <command>', 'command that removes the record')
  .option('--key-type <type>', 'P-256 (default), P-384, RSA-2048 or RSA-4096', parseKeyType)
  .option('--edge-socket <path>', "the edge's Runtime API (default: that of npm start)")
  .option('--edge-certificate <name>', 'name of the file in the configuration of the edge')
  .option('--endpoint <host:port>', 'where to check that the edge serves the certificate', parseEndpoint)
  .option('--server-root <file>', "roots of the authority's own HTTPS, if they are not public")
  .option('--root <file>', 'roots of the certificates it issues, if they are not public')
  .addHelpText(
    'after',
    `
Challenges:
  http-01      answered on HTTP port 80 through the running edge. Without a running edge, --listen
               serves the answer
  dns-01       --rfc2136 updates a name server. Or --dns-set and --dns-clear are shell commands:
               they read the name of the record from ACME_RECORD and its value from
               ACME_VALUE, and exit once the record can be queried
  tls-alpn-01  answered on HTTPS port 443 through an edge started with --acme-tls-alpn, or with
               --listen

By using this command you agree to the terms of service of the authority. The account's key stays in the
directory. With --edge-certificate the running edge gets the certificate without a restart.`,
  );

const acme = addCommonOptions(declared);
type Options = ReturnType<typeof acme.opts>;

export default acme.action(
  runs(async (output, options) => {
    const { obtainAndKeep } = await import('../acme/order-renewal.ts');
    const obtained = await obtainAndKeep(directoryOf(options), await orderOf(options));
    const until = obtained.notAfter.slice(0, 16);
    const text = `${obtained.place} for ${obtained.dnsNames.join(', ')}, until ${until}Z. ${edgeText(obtained.edge)}`;
    output.result(text, obtained);
    return EXIT.done;
  }),
);

/** The order that the options describe. Throws a CertificateError for options that contradict each other. */
export async function orderOf(options: Options): Promise<AcmeOrder> {
  const { LETS_ENCRYPT } = await import('../acme/order.ts');
  const directory = directoryOf(options);
  const { email, keyType, serverRoot, root } = options;
  const edge = edgeOf(options, directory);
  return {
    server: options.server ?? LETS_ENCRYPT,
    dnsNames: options.dns ?? [],
    challenge: challengeOf(options, directory),
    out: resolve(options.out),
    ...(email === undefined ? {} : { email }),
    ...(keyType === undefined ? {} : { keyType }),
    ...(edge === undefined ? {} : { edge }),
    ...(serverRoot === undefined ? {} : { serverRoots: resolve(serverRoot) }),
    ...(root === undefined ? {} : { roots: resolve(root) }),
  };
}

/** The value of an option that this challenge requires. */
function needed(value: string | undefined, flag: string): string {
  if (value !== undefined) return value;
  throw usage(`dns-01 needs ${flag}. See "gridlock certs acme --help".`);
}

function challengeOf(options: Options, directory: string): ChallengeSettings {
  const { challenge: type, listen, rfc2136, tsigAlgorithm: algorithm } = options;
  const known = readEdge(resolve(directory));
  if (type === 'http-01') return { type, listen: listen ?? known?.responderSocket };
  if (type === 'tls-alpn-01') {
    const socket = listen ?? known?.challengeSocket;
    if (socket !== undefined) return { type, listen: socket };
    throw usage(
      'Nothing hands tls-alpn-01 challenges on: start the cluster with --acme-tls-alpn true, or give --listen.',
    );
  }
  if (rfc2136 === undefined) {
    const set = needed(options.dnsSet, '--dns-set, or --rfc2136');
    return { type, set, clear: needed(options.dnsClear, '--dns-clear') };
  }
  const { host, port } = parseEndpoint(rfc2136.replace(/^(\[[^\]]+\]|[^:]+)$/, '$1:53'));
  const keyName = needed(options.tsigName, '--tsig-name');
  const secretFile = resolve(needed(options.tsigSecretFile, '--tsig-secret-file'));
  return { type, update: { host, port, zone: needed(options.zone, '--zone'), keyName, secretFile, algorithm } };
}

/** The edge to push to: the one that the flags name, or the running one if it serves the file. */
function edgeOf({ edgeSocket, edgeCertificate, dns, endpoint }: Options, directory: string): Edge | undefined {
  const known = readEdge(resolve(directory));
  if (edgeCertificate === undefined) return undefined;
  const runtimeSocket = edgeSocket === undefined ? known?.runtimeSocket : resolve(edgeSocket);
  if (runtimeSocket === undefined)
    throw usage('--edge-certificate needs an edge, and none is running: name its socket with --edge-socket.');
  const serverName = dns?.[0]?.replace(/^\*/, 'any');
  const endpoints = endpoint === undefined ? (known?.endpoints ?? []) : [endpoint];
  return {
    runtimeSocket,
    certificate: edgeCertificate,
    endpoints: endpoints.map((one) => ({ ...one, ...(serverName === undefined ? {} : { serverName }) })),
  };
}
