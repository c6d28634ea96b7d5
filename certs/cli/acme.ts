import { resolve } from 'node:path';
import { type ChallengeSettings, type ChallengeType, challengeTypes } from '../acme/challenges.ts';
import { type AcmeOrder, LETS_ENCRYPT } from '../acme/order.ts';
import { obtainAndKeep } from '../acme/order-renewal.ts';
import { type TsigAlgorithm, tsigAlgorithms } from '../acme/rfc2136.ts';
import { type Edge, readEdge } from '../edge/edge-deployment.ts';
import { parseEndpoint } from '../edge/tls-endpoint.ts';
import { parseKeyType } from '../x509/keys.ts';
import { type Command, directoryOf, EXIT, usage, type Values } from './command.ts';
import { edgeText } from './text.ts';
import { placeOf } from './watch.ts';

export const command: Command = {
  name: 'acme',
  summary: "Obtains a certificate from an ACME authority, Let's Encrypt by default, and has watch renew it",
  details: `
http-01      answered on http port 80 through the running edge; --listen serves the answer where no edge does
dns-01       --rfc2136 updates a name server; or --dns-set and --dns-clear are shell commands that find the name of
             the record in ACME_RECORD and its value in ACME_VALUE, and end when it can be asked for
tls-alpn-01  answered on https port 443 through an edge started with --acme-tls-alpn; or with --listen

By using it you agree to the terms of service of the authority. The key of the account is kept in the directory. With
--edge-certificate the running edge gets the certificate without a restart.`,
  flags: {
    dns: { value: '<name>', multiple: true, help: 'a DNS name; may be repeated; *.name takes dns-01' },
    out: { value: '<file>', help: 'gets certificate, chain and key' },
    server: { value: '<url>', help: "the authority's directory (default Let's Encrypt)" },
    email: { value: '<address>', help: 'of the account' },
    challenge: { value: '<type>', help: 'http-01 (default), dns-01 or tls-alpn-01' },
    listen: { value: '<place>', help: 'answer challenges at host:port or a UNIX socket' },
    rfc2136: {
      value: '<host:port>',
      help: 'name server for dns-01; with --zone, --tsig-name, --tsig-secret-file',
    },
    zone: { value: '<name>', help: 'the zone to update' },
    'tsig-name': { value: '<name>', help: 'name of the key' },
    'tsig-secret-file': { value: '<file>', help: 'the key, in base64' },
    'tsig-algorithm': { value: '<name>', help: `${tsigAlgorithms.join(', ')} (default the first)` },
    'dns-set': { value: '<command>', help: 'sets a record' },
    'dns-clear': { value: '<command>', help: 'removes it' },
    'key-type': { value: '<type>', help: 'P-256 (default), P-384, RSA-2048 or RSA-4096' },
    'edge-socket': { value: '<path>', help: "the edge's Runtime API (default: that of npm start)" },
    'edge-certificate': { value: '<name>', help: 'what the edge calls the file' },
    endpoint: { value: '<host:port>', help: 'where the edge is asked for the certificate' },
    'server-root': { value: '<file>', help: "roots of the authority's own https, when they are not public" },
    root: { value: '<file>', help: 'roots of what it issues, when they are not public' },
  },
  async run(values, output) {
    const directory = directoryOf(values);
    const out = values.required('out');
    const [keyType, email] = [values.string('key-type'), values.string('email')];
    const [serverRoots, roots] = [values.string('server-root'), values.string('root')];
    const edge = edgeOf(values, directory);
    const order: AcmeOrder = {
      server: values.string('server') ?? LETS_ENCRYPT,
      dnsNames: values.strings('dns'),
      challenge: challengeOf(values, directory),
      out: resolve(out),
      ...(email === undefined ? {} : { email }),
      ...(keyType === undefined ? {} : { keyType: parseKeyType(keyType) }),
      ...(edge === undefined ? {} : { edge }),
      ...(serverRoots === undefined ? {} : { serverRoots: resolve(serverRoots) }),
      ...(roots === undefined ? {} : { roots: resolve(roots) }),
    };
    const obtained = await obtainAndKeep(directory, order);
    const until = obtained.notAfter.slice(0, 16);
    const text = `${obtained.place} for ${obtained.dnsNames.join(', ')}, until ${until}Z. ${edgeText(obtained.edge)}`;
    output.result(text, obtained);
    return EXIT.done;
  },
};

function challengeOf(values: Values, directory: string): ChallengeSettings {
  const type = (values.string('challenge') ?? 'http-01') as ChallengeType;
  if (!challengeTypes.includes(type))
    throw usage(`"${type}" is no challenge: use one of ${challengeTypes.join(', ')}.`);
  const place = values.string('listen');
  const listen = place === undefined ? undefined : placeOf(place);
  const known = readEdge(resolve(directory));
  if (type === 'http-01') return { type, listen: listen ?? known?.responderSocket };
  if (type === 'tls-alpn-01') {
    const socket = listen ?? known?.challengeSocket;
    if (socket !== undefined) return { type, listen: socket };
    throw usage(
      'Nothing hands tls-alpn-01 challenges on: start the cluster with --acme-tls-alpn true, or give --listen.',
    );
  }
  const server = values.string('rfc2136');
  if (server === undefined) return { type, set: values.required('dns-set'), clear: values.required('dns-clear') };
  const algorithm = (values.string('tsig-algorithm') ?? tsigAlgorithms[0]) as TsigAlgorithm;
  if (!tsigAlgorithms.includes(algorithm))
    throw usage(`"${algorithm}" is unknown: use one of ${tsigAlgorithms.join(', ')}.`);
  const { host, port } = parseEndpoint(server.replace(/^(\[[^\]]+\]|[^:]+)$/, '$1:53'));
  const keyName = values.required('tsig-name');
  const secretFile = resolve(values.required('tsig-secret-file'));
  return { type, update: { host, port, zone: values.required('zone'), keyName, secretFile, algorithm } };
}

/** The edge to push into: the one named by flags, or the running one when it serves the file. */
function edgeOf(values: Values, directory: string): Edge | undefined {
  const [socket, certificate] = [values.string('edge-socket'), values.string('edge-certificate')];
  const known = readEdge(resolve(directory));
  if (certificate === undefined) return undefined;
  const runtimeSocket = socket === undefined ? known?.runtimeSocket : resolve(socket);
  if (runtimeSocket === undefined) throw usage('Which edge? Give --edge-socket with --edge-certificate.');
  const [name] = values.strings('dns');
  const endpoint = values.string('endpoint');
  const endpoints = endpoint === undefined ? (known?.endpoints ?? []) : [parseEndpoint(endpoint)];
  const serverName = name?.replace(/^\*/, 'any');
  return {
    runtimeSocket,
    certificate,
    endpoints: endpoints.map((one) => ({ ...one, ...(serverName === undefined ? {} : { serverName }) })),
  };
}
