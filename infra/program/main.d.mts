import type { Outputs } from './gridlock.ts';

/**
 * The program of the stack. @throws RunError on a Node that is too old, or with a configuration that is
 * refused
 */
export default function main(): Promise<Outputs>;
