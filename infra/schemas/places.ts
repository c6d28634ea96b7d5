import path from 'node:path';
import { CHECKOUT } from '../config/checkout.ts';

/** Schemas of Kubernetes' own kinds, checked in. */
export const OWN_SCHEMAS = import.meta.dirname;
/** Schemas of custom resources, where somebody made them: they are their charts', not this project's. */
export const CUSTOM_SCHEMAS = path.join(CHECKOUT, '.artifacts', 'schemas');

/** True for a kind that an API server brings along, whatever is installed in it. */
export function isOwnKind({ apiVersion }: { readonly apiVersion: string }): boolean {
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  return !group.includes('.') || group.endsWith('.k8s.io');
}

/** Where the schema of a kind is kept. */
export const schemaDirectory = (kind: { readonly apiVersion: string }): string =>
  isOwnKind(kind) ? OWN_SCHEMAS : CUSTOM_SCHEMAS;
