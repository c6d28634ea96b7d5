import * as v from 'valibot';

/** One key of the configuration: its schema, its one default, and how it is described to the user. */
export interface KeyDefinition<Schema extends v.GenericSchema<unknown, unknown>> {
  schema: Schema;
  default: v.InferOutput<Schema>;
  allowed: string;
  help: string;
  /**
   * May be an encrypted value of the stack's file, which only the Pulumi engine can read. A refusal does not repeat the
   * value, but has the message of the schema.
   */
  secret?: boolean;
}

export const define = <Schema extends v.GenericSchema<unknown, unknown>>(definition: KeyDefinition<Schema>) =>
  Object.freeze(definition);

/** Flags and `pulumi config set` give text where YAML gives a number: both are accepted. */
export const wholeNumber = (min: number, max: number) =>
  v.pipe(
    v.union([v.number(), v.pipe(v.string(), v.regex(/^\d{1,9}$/), v.transform(Number))]),
    v.integer(),
    v.minValue(min),
    v.maxValue(max),
  );

export const integer = (min: number, max: number, initial: number, help: string) =>
  define({
    schema: wholeNumber(min, max),
    default: initial,
    allowed: `a whole number from ${min} to ${max}`,
    help,
  });

const MILLIONTH = 1e-6;
const isRatio = (value: number): boolean =>
  value >= 0 && value <= 1 && Math.abs(value / MILLIONTH - Math.round(value / MILLIONTH)) < MILLIONTH;

/** A fraction. */
export const ratio = (initial: number, help: string) =>
  define({
    schema: v.pipe(
      v.union([v.number(), v.pipe(v.string(), v.regex(/^\d(\.\d{1,6})?$/), v.transform(Number))]),
      v.check(isRatio),
    ),
    default: initial,
    allowed: 'a number from 0 to 1 with at most six decimals',
    help,
  });

export function choice<const Options extends readonly string[]>(
  options: Options,
  initial: Options[number],
  help: string,
) {
  // YAML reads 1.3 as a number.
  const schema = v.pipe(v.union([v.string(), v.pipe(v.number(), v.transform(String))]), v.picklist(options));
  return define({ schema, default: initial, allowed: options.join(' or '), help });
}

export const trueOrFalse = v.union([
  v.boolean(),
  v.pipe(
    v.picklist(['true', 'false']),
    v.transform((text) => text === 'true'),
  ),
]);

export const flag = (initial: boolean, help: string) =>
  define({ schema: trueOrFalse, default: initial, allowed: 'true or false', help });

/** Text that matches a pattern as a whole. */
export const text = (pattern: RegExp, initial: string, allowed: string, help: string) =>
  define({ schema: v.pipe(v.string(), v.regex(pattern)), default: initial, allowed, help });

/** Up to `most` texts, separated by commas or as a list in YAML. As a flag, it may also be given several times. */
export function list(item: v.GenericSchema<string, string>, most: number, allowed: string, help: string) {
  const items = v.pipe(v.array(item), v.maxLength(most));
  const split = (text: string) => (text.trim() === '' ? [] : text.split(',').map((each) => each.trim()));
  const schema = v.pipe(
    // Pulumi hands lists over as JSON text.
    v.union([
      items,
      v.pipe(v.string(), v.startsWith('['), v.parseJson(), items),
      v.pipe(v.string(), v.transform(split), items),
    ]),
    v.transform((values): readonly string[] => Object.freeze(values)),
  );
  return define({ schema, default: Object.freeze<string[]>([]), allowed, help });
}

/** A map. The engine passes maps as JSON text; YAML has them as maps. */
export function map<Schema extends v.GenericSchema<unknown, unknown>>(
  schema: Schema,
  initial: v.InferOutput<Schema>,
  allowed: string,
  help: string,
) {
  const fromText = v.pipe(v.string(), v.parseJson(), schema);
  // Both alternatives give what `schema` gives.
  return define({ schema: v.union([schema, fromText]) as unknown as Schema, default: initial, allowed, help });
}
