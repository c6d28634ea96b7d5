import type { X509Certificate } from 'node:crypto';
import { commit, type StoredFile } from '../directory/atomic-files.ts';
import { loadLeaf, type StoredLeaf } from '../directory/authority-files.ts';
import { leafPem } from '../directory/material.ts';
import {
  deploy,
  type Edge,
  isRunning,
  push,
  readEdge,
  requireServed,
  type Served,
  servedLeaf,
} from '../edge/edge-deployment.ts';

/** The state of the edge: it serves the new leaf, it is not running and will read the file later, or there is none. */
export type EdgeOutcome = 'updated' | 'not running' | 'none';

export interface Change {
  files: StoredFile[];
  removed?: string[];
  /** A new leaf among the files. */
  leaf: Served;
  /** Every root that clients may trust by now. */
  roots: readonly X509Certificate[];
}

/**
 * Pushes a change into the running edge and, once a handshake shows it, writes it to disk. If the process is killed in
 * between, the edge serves the new leaf, which is valid, and `reconcile` restores the one on disk. The caller holds the
 * lock.
 */
export async function apply(directory: string, change: Change): Promise<EdgeOutcome> {
  const edge = await runningEdge(directory);
  const stored = edge.running ? loadLeaf(directory) : undefined;
  if (edge.running) await deploy(edge.running, change.leaf, stored && servedFrom(stored), change.roots);
  commit(directory, [...change.files, { name: 'leaf.pem', data: change.leaf.pem, mode: 0o600 }], change.removed);
  return edge.outcome;
}

/**
 * Makes the running edge serve the leaf on disk. Resolves with true when it served another one. The caller holds the
 * lock.
 */
export async function reconcile(directory: string, roots: readonly X509Certificate[]): Promise<boolean> {
  const { running } = await runningEdge(directory);
  const stored = loadLeaf(directory);
  if (running === undefined || stored === undefined) return false;
  const served = await servedLeaf(running);
  if (served === undefined || served.fingerprint256 === stored.certificate.fingerprint256) return false;
  await push(running, servedFrom(stored).pem);
  await requireServed(running, stored.certificate, roots);
  return true;
}

export function servedFrom({ certificate, issuer, cross, key }: StoredLeaf): Served {
  return { pem: leafPem({ certificate, key }, issuer, ...(cross ? [cross] : [])), leaf: certificate };
}

async function runningEdge(directory: string): Promise<{ running?: Edge; outcome: EdgeOutcome }> {
  const edge = readEdge(directory);
  if (edge === undefined || edge.file !== undefined) return { outcome: 'none' };
  return (await isRunning(edge)) ? { running: edge, outcome: 'updated' } : { outcome: 'not running' };
}
