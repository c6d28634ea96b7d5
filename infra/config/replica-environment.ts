import type { ReplicaVariable } from '../../services/server/config.ts';
import type { Config } from './config.ts';
import { traceVariables } from './traces.ts';

/** Variables of a replica; only those that it knows. */
export type ReplicaEnvironment = Readonly<Partial<Record<ReplicaVariable, string>>>;

const issuer = (config: Config) => ({
  JWT_ISSUER: config.jwtIssuer,
  JWT_AUDIENCE: config.jwtAudience,
  ...(config.jwtJwksUrl === '' ? {} : { JWT_JWKS_URL: config.jwtJwksUrl }),
  JWT_NAME_CLAIM: config.jwtNameClaim,
  JWT_ID_CLAIM: config.jwtIdClaim,
});

/**
 * The variables of a replica that follow from the configuration alone: the same for processes, containers and pods.
 * The address, the name and the files of a replica depend on how it is run.
 */
export const replicaSettings = (config: Config) =>
  ({
    DESIGN: config.design,
    HEARTBEAT_MS: String(config.heartbeatMs),
    DRAIN_MS: String(config.drainMs),
    REBALANCE_PERCENT: String(config.rebalancePercent),
    SESSION_SECONDS: String(config.sessionSeconds),
    MAX_SOCKETS: String(config.maxSockets),
    MAX_GAMES: String(config.maxGames),
    ...(config.guests ? {} : { GUESTS: 'off' }),
    ...(config.jwtIssuer === '' ? {} : issuer(config)),
    ...traceVariables(config),
  }) satisfies ReplicaEnvironment;
