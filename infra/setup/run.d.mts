/** What the set-up can make a checkout ready for. */
export const PROFILES: readonly ['packages', 'start', 'cluster', 'test', 'load', 'all'];
export type Profile = (typeof PROFILES)[number];
