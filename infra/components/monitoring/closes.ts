/**
 * Close codes that nobody meant: broken, failed, silent or slow; not those of a drain and of players who leave.
 */
export const DROPPED = '1006|1011|4408|4413';
