import { readFileSync } from 'node:fs';
import { type Config, ConfigError, fromCheckout } from '../config/config.ts';

/**
 * The address of the configuration. An earlier check made sure that it is set, so an empty one is encrypted, and only
 * the engine can decrypt it.
 * @throws ConfigError with a sentence
 */
export function urlOf({ redisUrl }: Pick<Config, 'redisUrl'>): string {
  if (redisUrl !== '') return redisUrl;
  throw new ConfigError(
    'redisUrl is encrypted, and only the Pulumi engine can decrypt it: give it as --redis-url, or use npm run up.',
  );
}

/**
 * The roots of a private authority; undefined when the public ones are used.
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
