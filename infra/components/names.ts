/**
 * The name of an object that a part makes for the whole Kubernetes cluster or outside its own namespace: an issuer, an
 * ingress class, the namespace and release of a controller. Two WebSocket clusters never share one.
 */
export const scopeOf = (namespace: string, cluster: string): string =>
  namespace === cluster ? cluster : `${namespace}-${cluster}`;
