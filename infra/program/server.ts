// How the configuration of a stack becomes the server that its replicas run.
import type { WebSocketClusterArgs } from '../components/web-socket-cluster-args.ts';
import type { Config } from '../config/config.ts';
import { userTraceVariables } from '../config/traces.ts';
import { userServer } from '../config/user-server.ts';

/** The server of the replicas, and its part of the edge's arguments. */
export type ServerArgs = Omit<WebSocketClusterArgs, 'namespace' | 'host' | 'edge'>;

/** A user's server; undefined for Gridlock's own. */
export function userServerArgs(config: Config): ServerArgs | undefined {
  const { serverImage, serverPort, serverEnvironment, metricsPath, metricsPort, drainSignal, drainSeconds } = config;
  const { serverSecretEnvironment: secrets } = config;
  const server = userServer(config);
  if (serverImage === '' || server === undefined) return undefined;
  return {
    image: serverImage,
    port: serverPort,
    environment: { ...userTraceVariables(config), ...serverEnvironment },
    ...(Object.keys(secrets).length === 0 ? {} : { secretEnvironment: secrets }),
    health: server.healthPath === '' ? {} : { path: server.healthPath },
    ...(metricsPath === ''
      ? {}
      : { metrics: { path: metricsPath, port: metricsPort === 0 ? serverPort : metricsPort } }),
    drain: { seconds: drainSeconds, signal: drainSignal },
    socketPaths: server.socketPaths,
    stickiness: server.stickiness,
  };
}
