/** What can be done to the authority of a cluster under play. */
export type RotationStep = 'accept' | 'leaf' | 'intermediate' | 'issue' | 'retire';

/** A cluster that is put under load. What cannot be done to it from here is left out. */
export interface Target {
  /** own, local, compose, kind or the address. */
  readonly name: string;
  /** Origin, as `https://localhost:8443`. */
  readonly url: string;
  /** PEM file of what to trust; undefined for the system's own authorities. */
  trustFile(): string | undefined;
  /** Processes on this machine, by name. */
  processes(): Promise<Readonly<Record<string, readonly number[]>>>;
  /** Base addresses of the replicas' internal listeners. */
  internalUrls(): Promise<readonly string[]>;
  /** By name, in the order in which they are to strike; each resolves when the cluster is whole again. */
  readonly faults: Readonly<Record<string, () => Promise<string>>>;
  rollOut?(told: (text: string) => void): Promise<string>;
  rotate?(step: RotationStep): Promise<string>;
  /** What the cluster has said of processes that ended, where it can be heard. */
  endings?(): readonly string[];
  stop(): Promise<void>;
}
