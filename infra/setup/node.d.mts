/** Where the Node of one platform comes from. */
export type NodeSource = { npm: string } | WheelSource;
/** A wheel for pip: the requirement, the platform's tag, the digest, and the directory in it that has `node`. */
export interface WheelSource {
  wheel: string;
  tag: string;
  sha256: string;
  files: string;
}
/** The pinned Node. */
export interface NodePin {
  version: string;
  platforms: Record<string, NodeSource>;
}
export const PIN: NodePin;
export function nodeBinary(root: string, platform?: string, pin?: NodePin): string;
export function unpackWheel(source: WheelSource, directory: string): Promise<string>;
export function nodeStep(root: string, platform?: string, pin?: NodePin): (() => Promise<void>) | undefined;
