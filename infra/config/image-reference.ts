const PORT = '(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])';
/** The pattern of a registry and path, without a tag. */
export const REPOSITORY = `[a-z0-9][a-z0-9._-]*(:${PORT})?(/[a-z0-9][a-z0-9._-]*)*`;
/** An image that is always the same: `latest` is not. */
export const REFERENCE = new RegExp(
  `^${REPOSITORY}(:(?!latest$)[\\w][\\w.-]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$`,
);
export const A_REFERENCE = 'an image reference with a tag other than latest, or with a digest';
/** Empty, or what the pattern describes. */
export const orEmpty = (pattern: RegExp): RegExp => new RegExp(`^$|${pattern.source}`);
