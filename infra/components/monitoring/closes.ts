/** Close codes of unintended closes: broken, failed, silent or slow; not those of a drain or of players who leave. */
export const DROPPED = '1006|1011|4408|4413';
