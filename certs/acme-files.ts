import { join } from 'node:path';

/** Where everything of ACME is kept. */
export const acmeDirectory = (directory: string): string => join(directory, 'acme');

/** Answers to http-01 challenges, one file a token, there while the challenge lasts. */
export const challengeDirectory = (directory: string): string => join(acmeDirectory(directory), 'challenges');
