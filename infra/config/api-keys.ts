import { readFileSync } from 'node:fs';
import { ApiKeysError, parseApiKeys } from '../../services/server/api/api-keys.ts';
import { type Config, ConfigError, fromCheckout } from './config.ts';

type KeysFile = 'apiKeysFile' | 'operatorKeysFile';

/**
 * The text of the file that `apiKeysFile` names, for the replicas; undefined where it names none.
 * @throws ConfigError when it cannot be read, or holds anything but keys
 */
export const readApiKeys = (config: Pick<Config, 'apiKeysFile'>): string | undefined =>
  readKeys('apiKeysFile', config.apiKeysFile);

/** The same of `operatorKeysFile`. */
export const readOperatorKeys = (config: Pick<Config, 'operatorKeysFile'>): string | undefined =>
  readKeys('operatorKeysFile', config.operatorKeysFile);

function readKeys(key: KeysFile, given: string): string | undefined {
  if (given === '') return undefined;
  const file = fromCheckout(given);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`${key}, ${file}, cannot be read (${code}): correct the path.`);
  }
  try {
    parseApiKeys(text);
  } catch (error) {
    if (!(error instanceof ApiKeysError)) throw error;
    throw new ConfigError(`${key}, ${file}, cannot be used: ${error.message}.`);
  }
  return text;
}
