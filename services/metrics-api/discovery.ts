export const GROUP = 'custom.metrics.k8s.io';
/** The versions served, the preferred one first; they differ in how a value names its metric. */
export const VERSIONS = ['v1beta2', 'v1beta1'] as const;
export type Version = (typeof VERSIONS)[number];

/** The metrics there are: gauges every replica has at `/metrics`. */
export const METRICS = ['gridlock_sockets'] as const;
export type Metric = (typeof METRICS)[number];

const versions = VERSIONS.map((version) => ({ groupVersion: `${GROUP}/${version}`, version }));
const group = { name: GROUP, versions, preferredVersion: versions[0] };

const resourceList = (version: Version) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: `${GROUP}/${version}`,
  resources: METRICS.map((metric) => ({
    name: `pods/${metric}`,
    singularName: '',
    namespaced: true,
    kind: 'MetricValueList',
    verbs: ['get'],
  })),
});

/** The documents by which the API server and kubectl learn what is served, by path. */
export const DISCOVERY: ReadonlyMap<string, object> = new Map<string, object>([
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [group] }],
  [`/apis/${GROUP}`, { kind: 'APIGroup', apiVersion: 'v1', ...group }],
  ...VERSIONS.map((version) => [`/apis/${GROUP}/${version}`, resourceList(version)] as const),
]);
