/**
 * What a Service, a policy or a disruption budget finds its pods by. It never changes: selectors are
 * immutable.
 */
export const selector = (name: string, component: string = name) => ({
  'app.kubernetes.io/name': name,
  'app.kubernetes.io/component': component,
});

/** The labels every object of ours carries. */
export const labels = (name: string, component: string = name) => ({
  ...selector(name, component),
  'app.kubernetes.io/instance': 'gridlock',
  'app.kubernetes.io/part-of': 'gridlock',
  'app.kubernetes.io/managed-by': 'pulumi',
});

/** Selects a namespace by its name, which the API server keeps as a label. */
export const namespaceNamed = <Name>(name: Name) => ({
  matchLabels: { 'kubernetes.io/metadata.name': name },
});
