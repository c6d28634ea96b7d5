import { readFileSync } from 'node:fs';
import { ApiKeysError, parseApiKeys } from '../../services/server/api/api-keys.ts';
import { type Config, ConfigError, fromCheckout } from './config.ts';

/**
 * The text of the file that `apiKeysFile` names, for the replicas; undefined where it names none.
 * @throws ConfigError when it cannot be read, or holds anything but keys
 */
export function readApiKeys({ apiKeysFile }: Pick<Config, 'apiKeysFile'>): string | undefined {
  if (apiKeysFile === '') return undefined;
  const file = fromCheckout(apiKeysFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`apiKeysFile, ${file}, cannot be read (${code}): correct the path.`);
  }
  try {
    parseApiKeys(text);
  } catch (error) {
    if (!(error instanceof ApiKeysError)) throw error;
    throw new ConfigError(`apiKeysFile, ${file}, cannot be used: ${error.message}.`);
  }
  return text;
}
