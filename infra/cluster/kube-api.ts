import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Duplex } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import { WebSocket } from 'ws';
import { parse } from 'yaml';

const TIMEOUT_MS = 15_000;
/** The subprotocol of the API's WebSockets: the first byte of a frame is its channel. */
const PROTOCOL = 'v4.channel.k8s.io';
const DATA = 0;

interface ExecCredential {
  command: string;
  args?: string[];
  env?: { name: string; value: string }[] | null;
  apiVersion?: string;
}

interface User {
  'client-certificate-data'?: string;
  'client-key-data'?: string;
  'client-certificate'?: string;
  'client-key'?: string;
  token?: string;
  tokenFile?: string;
  exec?: ExecCredential;
}

interface Server {
  server: string;
  'certificate-authority-data'?: string;
  'certificate-authority'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
}

interface Kubeconfig {
  clusters?: { cluster: Server }[];
  users?: { user: User }[];
}

/** The fields of a container that are used here. */
interface ContainerState {
  state?: { running?: { startedAt: string } };
  lastState?: { terminated?: { exitCode: number } };
}

/** The fields of a pod that are used here. */
export interface PodState {
  metadata: { name: string; deletionTimestamp?: string };
  status: { phase: string; containerStatuses?: ContainerState[] };
}

/** The API server has answered with an error. */
export class KubeError extends Error {
  override name = 'KubeError';
  /** The HTTP status, such as 404 for a missing object. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const pem = (data: string | undefined, file: string | undefined): Buffer | undefined => {
  if (data !== undefined) return Buffer.from(data, 'base64');
  return file === undefined ? undefined : readFileSync(file);
};

/** The credentials that the program of a cloud prints. */
function execute({
  command,
  args = [],
  env,
  apiVersion = 'client.authentication.k8s.io/v1beta1',
}: ExecCredential): User {
  const variables = Object.fromEntries((env ?? []).map(({ name, value }) => [name, value]));
  const info = JSON.stringify({ apiVersion, kind: 'ExecCredential', spec: { interactive: false } });
  const answer = execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, KUBERNETES_EXEC_INFO: info, ...variables },
    timeout: TIMEOUT_MS,
  });
  const { status = {} } = JSON.parse(answer) as {
    status?: { token?: string; clientCertificateData?: string; clientKeyData?: string };
  };
  const encoded = (text: string | undefined) => (text === undefined ? undefined : Buffer.from(text).toString('base64'));
  return {
    token: status.token,
    'client-certificate-data': encoded(status.clientCertificateData),
    'client-key-data': encoded(status.clientKeyData),
  } as User;
}

/** The API server of a kubeconfig with one context: enough of a client to look at pods from outside the cluster. */
export class KubeApi {
  readonly #url: string;
  readonly #tls: SecureContextOptions & { servername?: string; rejectUnauthorized?: boolean };
  readonly #headers: Readonly<Record<string, string>>;
  /** The time of the last answer, by the clock of the API server. */
  now = 0;

  /** @throws Error when the kubeconfig names no cluster, or a program that prints no credentials */
  constructor(kubeconfig: string) {
    const { clusters, users } = (parse(kubeconfig) ?? {}) as Kubeconfig;
    const cluster = clusters?.[0]?.cluster;
    const given = users?.[0]?.user;
    if (cluster === undefined || given === undefined) throw new Error('the kubeconfig names no cluster with its user');
    const user = given.exec ? execute(given.exec) : given;
    const token = user.token ?? (user.tokenFile && readFileSync(user.tokenFile, 'utf8').trim());
    const name = cluster['tls-server-name'];
    this.#url = cluster.server.replace(/\/$/, '');
    this.#headers = token ? { authorization: `Bearer ${token}` } : {};
    this.#tls = {
      ca: pem(cluster['certificate-authority-data'], cluster['certificate-authority']),
      cert: pem(user['client-certificate-data'], user['client-certificate']),
      key: pem(user['client-key-data'], user['client-key']),
      ...(name === undefined ? {} : { servername: name }),
      ...(cluster['insecure-skip-tls-verify'] ? { rejectUnauthorized: false } : {}),
    };
  }

  /** The pods with these labels that are not being deleted. */
  async pods(namespace: string, labels: Readonly<Record<string, string>>): Promise<PodState[]> {
    const selector = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const query = `labelSelector=${encodeURIComponent(selector.join(','))}`;
    const { items } = (await this.get(`/api/v1/namespaces/${namespace}/pods?${query}`)) as { items: PodState[] };
    return items.filter(
      ({ metadata, status }) => metadata.deletionTimestamp === undefined && status.phase === 'Running',
    );
  }

  /** Reads the object or the list at a path. @throws KubeError */
  get(path: string): Promise<unknown> {
    return this.#ask('GET', path);
  }

  /** Changes some fields of the object at a path. @throws KubeError */
  patch(path: string, fields: object): Promise<unknown> {
    return this.#ask('PATCH', path, fields);
  }

  #ask(method: string, path: string, body?: object): Promise<unknown> {
    const { request: send } = this.#url.startsWith('https:') ? https : http;
    return new Promise((resolve, reject) => {
      const type = body === undefined ? {} : { 'content-type': 'application/merge-patch+json' };
      const headers = { ...this.#headers, ...type };
      const options = { ...this.#tls, method, headers, timeout: TIMEOUT_MS, agent: false };
      const request = send(`${this.#url}${path}`, options, (response) => {
        let text = '';
        this.now = Date.parse(response.headers.date ?? '') || Date.now();
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          const { statusCode = 0 } = response;
          if (statusCode === 200) resolve(JSON.parse(text));
          else reject(new KubeError(statusCode, `The API server answers ${statusCode} to ${method} ${path}.`));
        });
        response.on('error', reject);
      });
      request.on('timeout', () =>
        request.destroy(new Error(`The API server does not answer within ${TIMEOUT_MS / 1000} s.`)),
      );
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** A connection to a port of a pod, through the API server. */
  connect(namespace: string, pod: string, port: number): Duplex {
    const url = `${this.#url.replace(/^http/, 'ws')}/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
    const options = { ...this.#tls, headers: this.#headers, handshakeTimeout: TIMEOUT_MS, perMessageDeflate: false };
    return new ForwardedPort(new WebSocket(url, PROTOCOL, options));
  }
}

/** The bytes of one forwarded port. */
class ForwardedPort extends Duplex {
  readonly #socket: WebSocket;
  /** The first frame of a channel is the port's number. */
  readonly #begun = new Set<number>();

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(data));
    socket.on('close', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
  }

  #receive(frame: Buffer): void {
    const channel = frame[0]!;
    if (!this.#begun.has(channel)) this.#begun.add(channel);
    else if (channel === DATA) this.push(frame.subarray(1));
    else this.destroy(new Error(frame.subarray(1).toString('utf8').trim()));
  }

  override _read(): void {
    // Frames are pushed as they arrive; a handshake takes only a few.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    const send = () => this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]), callback);
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.once('open', send);
    else send();
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    this.#socket.terminate();
    callback(error);
  }
}
