const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * Keeps requests to this machine away from a proxy that the environment names (`NODE_USE_ENV_PROXY` with `HTTP_PROXY`):
 * the loopback of a proxy elsewhere is another machine. This applies at once to `fetch` in this process, and to every
 * process that it starts.
 */
export function exemptLoopbackFromProxies(environment: NodeJS.ProcessEnv = process.env): void {
  // The lower-case variable wins where both are set.
  for (const name of environment['no_proxy'] === undefined ? ['NO_PROXY'] : ['no_proxy', 'NO_PROXY']) {
    const known = (environment[name] ?? '').split(/[\s,]+/).filter(Boolean);
    if (known.includes('*')) continue;
    environment[name] = [...new Set([...known, ...LOOPBACK])].join(',');
  }
}
