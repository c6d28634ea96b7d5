/** Name of the WebSocket cluster that is Gridlock's own stack. */
export const CLUSTER = 'gridlock';
/** Port of the page, of sessions and sockets. */
export const HTTP_PORT = 8080;
/** Port of health, readiness and metrics; not published. */
export const INTERNAL_PORT = 9090;
