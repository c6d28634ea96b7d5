/** The programs that show that a system part is there, any one of them. */
export const PART_BINARIES: Record<
  'haproxy' | 'redis' | 'chromium' | 'openssl' | 'certutil' | 'testssl' | 'pip',
  string[]
>;
/**
 * Absolute path of the first of `names` found on PATH or where system packages put daemons; undefined if
 * none.
 */
export function findBinary(...names: string[]): string | undefined;
/** One command that installs the named system parts (the keys of `PART_BINARIES`) here. */
export function installCommand(parts: string[]): string;
