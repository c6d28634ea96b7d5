// What the commands do, as calls. Loads the X.509 library at once; `index.ts` has what a start needs, without it.

export type { AcmeOrder, Obtained } from './acme.ts';
export { obtain } from './acme.ts';
export { obtainAndKeep, renewAcme } from './acme-renewal.ts';
export type { Audit, AuditOptions } from './audit.ts';
export { audit } from './audit.ts';
export type { CertificateDetails } from './details.ts';
export { detailsOf } from './details.ts';
export type { ExportFormat, ExportOptions } from './export.ts';
export { exportCertificates } from './export.ts';
export * from './index.ts';
export type { InitOptions } from './init.ts';
export { initAuthority } from './init.ts';
export { createRequest } from './request.ts';
export type { RequestWish } from './request-config.ts';
export { parseRequestConfig } from './request-config.ts';
export { startResponder } from './responder.ts';
export type { RevokeOptions } from './revoke.ts';
export { refreshCrls, revoke } from './revoke.ts';
export type { SignedRequest, SignOptions } from './sign.ts';
export { signRequest } from './sign.ts';
export type { TrustStore } from './trust.ts';
export { trustStore } from './trust.ts';
export type { Finding, VerifyOptions } from './verify.ts';
export { verifyChain } from './verify.ts';
export type { WatchOptions } from './watch.ts';
export { Watcher } from './watch.ts';
