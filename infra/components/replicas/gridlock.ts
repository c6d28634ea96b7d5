// Names and ports of Gridlock's own replicas, for what does not take them as arguments yet.

export const SERVER = { cluster: 'gridlock', part: 'server' } as const;
/** Page, sessions and sockets. */
export const HTTP_PORT = 8080;
/** Health, readiness and metrics; not published. */
export const INTERNAL_PORT = 9090;
