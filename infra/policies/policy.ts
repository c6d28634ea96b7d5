import type { Container, Manifest } from './manifest.ts';
import { containers } from './manifest.ts';

/** A rule for Kubernetes objects. */
export interface Policy {
  /** As findings and exemptions call it. */
  readonly name: string;
  /** What it asks for, as a sentence. */
  readonly sentence: string;
  /** Whether it has to see the other objects too. */
  readonly whole?: true;
  /**
   * What is wrong with an object, each as the rest of a sentence whose subject the object is; empty when it
   * is good.
   */
  readonly check: (manifest: Manifest, all: readonly Manifest[]) => string[];
}

/** A policy on each container of an object. */
export const eachContainer = (
  name: string,
  sentence: string,
  complaint: (container: Container, manifest: Manifest) => string | undefined,
): Policy => ({
  name,
  sentence,
  check: (manifest) =>
    containers(manifest).flatMap((container) => {
      const found = complaint(container, manifest);
      return found ? [`container ${container.name} ${found}`] : [];
    }),
});
