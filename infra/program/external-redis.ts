import { readFileSync } from 'node:fs';
import { type Config, ConfigError, fromCheckout } from '../config/config.ts';

/**
 * The address of the configuration. That it is set is checked before: what only the engine can decrypt reads as empty.
 * @throws ConfigError with a sentence
 */
export function urlOf({ redisUrl }: Pick<Config, 'redisUrl'>): string {
  if (redisUrl !== '') return redisUrl;
  throw new ConfigError(
    'redisUrl is encrypted, and only the Pulumi engine can decrypt it: give it as --redis-url, or use npm run up.',
  );
}

/**
 * The roots of a private authority; undefined where the public ones do.
 * @throws ConfigError with a sentence
 */
export function rootsOf({ redisCaFile }: Pick<Config, 'redisCaFile'>): string | undefined {
  if (redisCaFile === '') return undefined;
  const file = fromCheckout(redisCaFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(
      `redisCaFile, ${file}, cannot be read (${(error as NodeJS.ErrnoException).code}): correct the path.`,
    );
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new ConfigError(`redisCaFile, ${file}, holds no certificate: give a PEM file of the roots.`);
}
