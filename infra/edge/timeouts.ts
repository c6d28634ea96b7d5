/** Time-outs of the edge in seconds, the same wherever it runs. Those that are configured are not here. */
export const TIMEOUTS = Object.freeze({
  keepAlive: 10,
  /** Also bounds the TLS handshake. */
  client: 20,
  clientFin: 10,
  connect: 2,
  queue: 2,
  server: 30,
  serverFin: 10,
  check: 2,
});

/** How long a process that a reload replaced keeps its open sockets. */
export const HARD_STOP_SECONDS = 3600;
