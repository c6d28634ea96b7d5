// The commands as functions. Loads the X.509 library at once; `index.ts` has the part that a start needs, without it.

export type { AcmeOrder, Obtained } from './acme/order.ts';
export { obtain } from './acme/order.ts';
export { obtainAndKeep, renewAcme } from './acme/order-renewal.ts';
export * from './index.ts';
export type { ExportFormat, ExportOptions } from './lifecycle/export.ts';
export { exportCertificates } from './lifecycle/export.ts';
export type { InitOptions } from './lifecycle/init.ts';
export { initAuthority } from './lifecycle/init.ts';
export type { SignedRequest, SignOptions } from './lifecycle/issue.ts';
export { signRequest } from './lifecycle/issue.ts';
export type { RevokeOptions } from './lifecycle/revoke.ts';
export { refreshCrls, revoke } from './lifecycle/revoke.ts';
export type { Audit, AuditOptions } from './renewal/audit.ts';
export { audit } from './renewal/audit.ts';
export { startResponder } from './renewal/responder.ts';
export type { WatchOptions } from './renewal/watcher.ts';
export { Watcher } from './renewal/watcher.ts';
export type { TrustStore } from './trust/store.ts';
export { trustStore } from './trust/stores.ts';
export { createRequest, type RequestOptions } from './x509/certificate-request.ts';
export type { CertificateDetails } from './x509/details.ts';
export { detailsOf } from './x509/details.ts';
export { type ConfiguredRequestOptions, requestFromConfig } from './x509/openssl-request.ts';
export type { Finding, VerifyOptions } from './x509/verify.ts';
export { verifyChain } from './x509/verify.ts';
