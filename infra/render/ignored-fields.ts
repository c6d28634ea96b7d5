type Fields = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);

function without(fields: Fields, [first, ...rest]: readonly string[]): Fields {
  const { [first!]: value, ...others } = fields;
  if (value === undefined || rest.length === 0) return others;
  return { ...fields, [first!]: isMap(value) ? without(value, rest) : value };
}

/**
 * An object without the fields that another controller owns once it exists, by their paths, such as `spec.replicas`.
 * The engine ignores these fields, and other tools that apply the object must not reset them either.
 */
export const withoutFields = (object: Fields, paths: readonly string[]): Fields =>
  paths.reduce((fields, path) => without(fields, path.split('.')), object);
