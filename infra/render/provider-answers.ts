// The answers of providers that the program of this project needs.
import { createHash } from 'node:crypto';
import type { Registration } from './registration.ts';

/** The outputs that a provider adds to the inputs of a resource; undefined: none. */
export type Answer = (registration: Registration) => Record<string, unknown> | undefined;

/** Text that is the same in every run and names its source. */
function stand(name: string, length: number): string {
  const digest = createHash('sha256').update(name).digest('hex');
  return digest.repeat(Math.ceil(length / digest.length)).slice(0, length);
}

const KUBECONFIG = {
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [{ name: 'mock', cluster: { server: 'https://127.0.0.1:6443' } }],
  contexts: [{ name: 'mock', context: { cluster: 'mock', user: 'mock' } }],
  'current-context': 'mock',
  users: [{ name: 'mock', user: { token: 'mock' } }],
};

/** PEM-shaped, for what a program only passes on. */
export const MOCK_PEM = '-----BEGIN CERTIFICATE-----\nbW9jaw==\n-----END CERTIFICATE-----\n';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const ANSWERS: Readonly<Record<string, Answer>> = {
  'random:index/randomPassword:RandomPassword': ({ name, inputs }) => ({
    result: stand(name, Number(inputs.length)),
    bcryptHash: `$2b$${stand(name, 16)}`,
  }),
  'random:index/randomBytes:RandomBytes': ({ name, inputs }) => {
    const hex = stand(name, 2 * Number(inputs.length));
    return { hex, base64: Buffer.from(hex, 'hex').toString('base64') };
  },
  'random:index/randomId:RandomId': ({ name, inputs }) => ({ hex: stand(name, 2 * Number(inputs.byteLength)) }),
  'random:index/randomString:RandomString': ({ name, inputs }) => ({
    result: stand(name, Number(inputs.length)),
  }),
  'command:local:Command': ({ inputs }) => ({
    stdout: String(inputs.create).includes('kubeconfig') ? JSON.stringify(KUBECONFIG) : '',
    stderr: '',
  }),
  'docker:index/image:Image': ({ inputs }) => ({
    repoDigest: `${String(inputs.imageName).split(':')[0]}@sha256:${stand(String(inputs.imageName), 64)}`,
    baseImageName: inputs.imageName,
  }),
  'eks:index:Cluster': () => ({ kubeconfig: KUBECONFIG, kubeconfigJson: JSON.stringify(KUBECONFIG) }),
  'kubernetes:core/v1:Service': ({ inputs }) =>
    (inputs.spec as { type?: string } | undefined)?.type === 'LoadBalancer'
      ? { status: { loadBalancer: { ingress: [{ hostname: 'edge.example' }] } } }
      : { status: { loadBalancer: {} } },
  'kubernetes:core/v1:ConfigMap': ({ read }) => (read ? { data: { 'roots.pem': MOCK_PEM } } : undefined),
  'kubernetes:core/v1:Secret': ({ read }) =>
    read ? { data: { 'tls.crt': base64(MOCK_PEM), 'tls.key': base64('mock'), 'ca.crt': base64(MOCK_PEM) } } : undefined,
};

/** The answer of the table above. */
export const answer: Answer = (registration) => ANSWERS[registration.type]?.(registration);
