import type { Config } from '../config.ts';

/**
 * An image reference as this cluster pulls it: with the mirror of the configuration in front, if there is
 * one.
 */
export function mirrored(config: Pick<Config, 'imageMirror'>, reference: string): string {
  return config.imageMirror === '' ? reference : `${config.imageMirror}/${reference}`;
}
