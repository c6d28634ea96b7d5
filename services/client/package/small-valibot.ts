/**
 * The part of valibot with which the SDK checks messages of a server. It makes no error messages and no copies, because
 * every page loads it. It replaces valibot when the package is built, and a test compares the two.
 */

type Check = ((value: any) => boolean) & { readonly entries?: Entries; readonly literal?: unknown };
type Entries = Readonly<Record<string, Check>>;
/** A schema of valibot itself, as the room type of an application has. */
interface Foreign {
  '~run'(dataset: { value: unknown }, config: object): { issues?: unknown };
}

const hasShape = (value: any, entries: Entries): boolean =>
  typeof value === 'object' && value !== null && Object.keys(entries).every((key) => entries[key]!(value[key]));

export const string = (): Check => (value) => typeof value === 'string';
export const number = (): Check => (value) => typeof value === 'number';
export const boolean = (): Check => (value) => typeof value === 'boolean';
/** In JSON, undefined is a field that is missing. */
export const unknown = (): Check => (value) => value !== undefined;
export const custom = (check: Check): Check => check;
export const literal = (literal: unknown): Check => Object.assign((value: unknown) => value === literal, { literal });
export const picklist =
  (options: readonly unknown[]): Check =>
  (value) =>
    options.includes(value);
export const optional =
  (wrapped: Check): Check =>
  (value) =>
    value === undefined || wrapped(value);
export const nullable =
  (wrapped: Check): Check =>
  (value) =>
    value === null || wrapped(value);
export const array =
  (item: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(item);
export const object = (entries: Entries): Check =>
  Object.assign((value: unknown) => hasShape(value, entries), { entries });
export const looseObject = object;
/** The options are objects whose `key` is a literal. */
export const variant = (key: string, options: readonly Check[]): Check =>
  Object.assign((value: unknown) => options.some((option) => option(value)), { key, options });
export const pipe =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.every((check) => check(value));

export const regex =
  (pattern: RegExp): Check =>
  (value) =>
    pattern.test(value);
export const minLength =
  (length: number): Check =>
  (value) =>
    value.length >= length;
export const maxLength =
  (length: number): Check =>
  (value) =>
    value.length <= length;
export const minValue =
  (least: number): Check =>
  (value) =>
    value >= least;
export const safeInteger = (): Check => Number.isSafeInteger;

export const is = (schema: Check | Foreign, value: unknown): boolean =>
  '~run' in schema ? !schema['~run']({ value }, {}).issues : schema(value);

export const safeParse = (schema: Check, output: unknown) => ({ success: schema(output), output });
