/** The fields of a valibot schema from which an example is made. */
interface Shape {
  readonly type?: string;
  readonly options?: readonly unknown[];
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly literal?: unknown;
  readonly wrapped?: Shape;
  readonly default?: unknown;
  readonly item?: Shape;
  readonly pipe?: readonly { readonly type?: string; readonly requirement?: unknown }[];
}

/** A simple value that a schema is likely to allow: the least number, the empty text, the first choice. */
export function exampleOf(schema: unknown): unknown {
  const shape = schema as Shape;
  switch (shape.type) {
    case 'literal':
      return shape.literal;
    case 'optional':
      return typeof shape.default === 'function' ? undefined : shape.default;
    case 'variant':
    case 'union':
      return exampleOf(shape.options![0]);
    case 'picklist':
      return shape.options![0];
    case 'number':
      return shape.pipe?.find(({ type }) => type === 'min_value')?.requirement ?? 0;
    case 'boolean':
      return false;
    case 'string':
      return '';
    case 'array':
      return [];
    default:
      return shape.entries && exampleOfEntries(shape.entries);
  }
}

function exampleOfEntries(entries: Readonly<Record<string, Shape>>): object {
  const fields = Object.entries(entries).map(([name, shape]) => [name, exampleOf(shape)] as const);
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined));
}

/** An example of each command that a schema allows, as JSON by its kind. */
export function commandExamples(schema: unknown): Map<string, string> {
  const { options } = schema as Shape;
  const commands = (options ?? [schema]).map((option) => exampleOf(option) as { kind?: unknown });
  return new Map(commands.map((command) => [String(command?.kind), JSON.stringify(command)]));
}
