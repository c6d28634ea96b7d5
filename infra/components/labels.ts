/** The labels of a WebSocket cluster's objects. */
export type Part = 'server' | 'edge' | 'redis' | 'certificates' | 'monitoring' | 'network-policy' | 'autoscaling';

/** A part of one WebSocket cluster. */
export interface PartOfCluster {
  /** Name of the WebSocket cluster. */
  readonly cluster: string;
  readonly part: Part;
}

/**
 * The labels by which a Service, a policy or a disruption budget finds the pods of a part. They never change, because
 * selectors are immutable.
 */
export const selectorOf = ({ cluster, part }: PartOfCluster) => ({
  'app.kubernetes.io/name': part,
  'app.kubernetes.io/instance': cluster,
});

/** The labels that every object of a part carries. */
export const labelsOf = (part: PartOfCluster) => ({
  ...selectorOf(part),
  'app.kubernetes.io/component': part.part,
  'app.kubernetes.io/part-of': 'gridlock',
  'app.kubernetes.io/managed-by': 'pulumi',
});

/** The labels of an object that belongs to no WebSocket cluster, such as a namespace or a storage class. */
export const stackLabels = (name: string, component: string = name) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': component,
  'app.kubernetes.io/instance': 'gridlock',
  'app.kubernetes.io/part-of': 'gridlock',
  'app.kubernetes.io/managed-by': 'pulumi',
});

/** Selects a namespace by its name, which the API server keeps as a label. */
export const namespaceNamed = <Name>(name: Name) => ({
  matchLabels: { 'kubernetes.io/metadata.name': name },
});
