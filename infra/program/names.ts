/** Name of the WebSocket cluster that is Gridlock's own stack. */
export const CLUSTER = 'gridlock';
/** Labels of the pods of an ingress controller that the cluster has already, as its chart gives them. */
export const CONTROLLER_OF_OTHERS = Object.freeze({ 'app.kubernetes.io/name': 'kubernetes-ingress' });
/** Port of the page, of sessions and sockets. */
export const HTTP_PORT = 8080;
/** Port of health, readiness and metrics; not published. */
export const INTERNAL_PORT = 9090;
