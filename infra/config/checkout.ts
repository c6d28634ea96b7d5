import os from 'node:os';
import path from 'node:path';

/** The directory of the checkout. */
export const CHECKOUT = path.resolve(import.meta.dirname, '../..');

/**
 * A path of the configuration as an absolute one. It starts at the checkout: the engine runs the program in
 * `infra`, and its providers elsewhere.
 */
export const fromCheckout = (place: string): string => path.resolve(CHECKOUT, place.replace(/^~(?=\/)/, os.homedir()));
