const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]'];

/**
 * Keeps requests to this machine away from a proxy that the environment names (`NODE_USE_ENV_PROXY` with `HTTP_PROXY`):
 * a proxy elsewhere has another loopback. Holds for `fetch` of this process at once, and for everything it starts.
 */
export function exemptLoopbackFromProxies(environment: NodeJS.ProcessEnv = process.env): void {
  // The lower case one wins where both are set.
  for (const name of environment['no_proxy'] === undefined ? ['NO_PROXY'] : ['no_proxy', 'NO_PROXY']) {
    const known = (environment[name] ?? '').split(/[\s,]+/).filter(Boolean);
    if (known.includes('*')) continue;
    environment[name] = [...new Set([...known, ...LOOPBACK])].join(',');
  }
}
