import { readFileSync } from 'node:fs';
import { readKeys } from '../../services/server/session/issuer-settings.ts';
import { type Config, ConfigError, fromCheckout } from './config.ts';

/**
 * The text of the file that `jwtKeysFile` names, for the replicas; undefined where it names none.
 * @throws ConfigError when it cannot be read, or holds anything but public keys
 */
export function readJwtKeys({ jwtKeysFile }: Pick<Config, 'jwtKeysFile'>): string | undefined {
  if (jwtKeysFile === '') return undefined;
  const file = fromCheckout(jwtKeysFile);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(`jwtKeysFile, ${file}, cannot be read (${code}): correct the path.`);
  }
  readKeys('jwtKeysFile', text, (sentence) => {
    throw new ConfigError(sentence);
  });
  return text;
}
