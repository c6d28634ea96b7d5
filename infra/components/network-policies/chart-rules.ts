// The openings that the charts need in their namespaces.
import {
  API_SERVER,
  DNS,
  denial,
  from,
  fromAnywhere,
  type IngressRule,
  type PodPlace,
  type PolicySpec,
  PUBLIC_DNS,
  policyOn,
  to,
  toAnywhere,
} from './rule.ts';

/** Policies of a namespace by their names. */
export type PolicySpecs = Readonly<Record<string, PolicySpec>>;

/** Every pod of the namespace is closed except for DNS and the API server. */
const shut = (): PolicySpecs => ({
  'default-deny': denial(),
  'allow-dns': policyOn(undefined, { egress: [DNS] }),
  'allow-api-server': policyOn(undefined, { egress: [API_SERVER] }),
});

const named = (name: string) => ({ 'app.kubernetes.io/name': name });

/** The metrics of pods, for Prometheus where there is one. */
const metrics = (prometheus: PodPlace | undefined, ...ports: number[]): IngressRule[] =>
  prometheus === undefined ? [] : [from([prometheus], ...ports)];

export interface ReadBy {
  /** The pods that read metrics; undefined without any. */
  readonly prometheus?: PodPlace | undefined;
}

const CERT_MANAGER_METRICS = 9402;

/**
 * cert-manager and trust-manager. With `acme` cert-manager also asks the authority (at 443, like the API server),
 * checks its own answers to a challenge at port 80, and asks the name servers of the domain.
 */
export const certManagerRules = ({ prometheus, acme = false }: ReadBy & { readonly acme?: boolean }): PolicySpecs => ({
  ...shut(),
  'cert-manager': policyOn(named('cert-manager'), {
    ingress: metrics(prometheus, CERT_MANAGER_METRICS),
    ...(acme ? { egress: [toAnywhere(80), PUBLIC_DNS] } : {}),
  }),
  webhook: policyOn(named('webhook'), { ingress: [fromAnywhere(10_250)] }),
  'trust-manager': policyOn(
    { app: 'trust-manager' },
    { ingress: [fromAnywhere(6443), ...metrics(prometheus, CERT_MANAGER_METRICS)] },
  ),
});

/** The parts of KEDA. */
const OPERATOR = named('keda-operator');
const METRICS_API_SERVER = named('keda-operator-metrics-apiserver');

/** KEDA's operator, wherever it is: it reads the gauges. */
export const KEDA_OPERATOR: PodPlace = { namespace: '*', labels: OPERATOR };

/**
 * KEDA, which serves a whole cluster: its operator may reach any pod in it, because ScaledObjects of others name their
 * own pods.
 */
export const kedaRules = ({ prometheus }: ReadBy): PolicySpecs => ({
  ...shut(),
  operator: policyOn(OPERATOR, {
    ingress: [from([{ labels: METRICS_API_SERVER }], 9666), ...metrics(prometheus, 8080)],
    egress: [{ to: [{ namespaceSelector: {} }] }],
  }),
  'metrics-apiserver': policyOn(METRICS_API_SERVER, {
    ingress: [fromAnywhere(6443)],
    egress: [to([{ labels: OPERATOR }], 9666)],
  }),
  webhooks: policyOn(named('keda-admission-webhooks'), { ingress: [fromAnywhere(9443)] }),
});

/** cert-manager's pods that answer an authority's challenge, in the namespace of the certificate. */
export const SOLVER = { 'acme.cert-manager.io/http01-solver': 'true' } as const;
export const SOLVER_PORT = 8089;
