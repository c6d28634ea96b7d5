export { ensureChain, readChain } from './chain.ts';
export type { Chain, ChainOptions } from './chain.ts';
export { CertificateError } from './errors.ts';
export type { CertificateErrorCode } from './errors.ts';
export { backdate, lifetimes, lifetimesOf } from './lifetimes.ts';
export type { Lifetime, Lifetimes, Role } from './lifetimes.ts';
export type { CertificateSummary } from './summary.ts';
