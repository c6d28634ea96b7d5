import ts from 'typescript';
import type { PropertySpec, TypeSpec } from './package-schema.ts';

export const ANY = 'pulumi.json#/Any';
const PRIMITIVES = [
  [ts.TypeFlags.StringLike, 'string'],
  [ts.TypeFlags.NumberLike, 'number'],
  [ts.TypeFlags.BooleanLike, 'boolean'],
] as const;

const capitalised = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/**
 * Converts TypeScript types to those of a Pulumi schema. It leaves out types that other languages do not have, such as
 * a function. A type of another package becomes any value.
 */
export class SchemaTypes {
  /** By name. */
  readonly types: Record<string, TypeSpec> = {};
  readonly #names = new Map<ts.Type, string>();
  readonly #checker: ts.TypeChecker;
  readonly #package: string;
  /** Where our own types are. */
  readonly #root: string;

  constructor(checker: ts.TypeChecker, packageName: string, root: string) {
    this.#checker = checker;
    this.#package = packageName;
    this.#root = root;
  }

  description(symbol: ts.Symbol): { description?: string } {
    if (!this.#isDeclaredHere(symbol)) return {};
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker));
    return text === '' ? {} : { description: text };
  }

  /**
   * The arguments of a component. For a choice of interfaces it takes the fields of all, and requires those that each
   * of them requires.
   */
  inputs(type: ts.Type, where: string) {
    const common = type.getProperties();
    const others = membersOf(type).flatMap((member) => member.getProperties());
    const further = others.filter(({ name }) => !common.some((one) => one.name === name));
    const { properties, required } = this.properties([...common, ...further], where);
    return { properties, required: required.filter((name) => common.some((one) => one.name === name)) };
  }

  /** The properties of an interface, and which of them are required. `where` names a type that has no name. */
  properties(symbols: readonly ts.Symbol[], where: string): Required<Pick<TypeSpec, 'properties' | 'required'>> {
    const properties: Record<string, PropertySpec> = {};
    const required: string[] = [];
    for (const symbol of symbols) {
      const { name } = symbol;
      const spec = this.property(this.#checker.getTypeOfSymbol(symbol), `${where}${capitalised(name)}`);
      if (spec === undefined) continue;
      properties[name] = { ...spec, ...this.description(symbol) };
      if (!(symbol.flags & ts.SymbolFlags.Optional)) required.push(name);
    }
    return { properties, required };
  }

  /** A type as a property; undefined for a type that other languages do not have. */
  property(type: ts.Type, where: string): PropertySpec | undefined {
    const parts = membersOf(type).filter((part) => !(part.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)));
    const inner = parts.filter((part) => !isOutput(part) && !isPromise(part));
    // Only the type inside an output matters.
    const [only] = parts;
    if (inner.length === 0) return only && isOutput(only) ? this.property(this.#outputOf(only), where) : undefined;
    const spec = this.#oneOf(inner, where);
    return spec && (inner.length === parts.length ? { ...spec, plain: true } : spec);
  }

  #outputOf(type: ts.Type): ts.Type {
    const instance = type.isIntersection() ? type.types.find(isOutput)! : type;
    return this.#checker.getTypeArguments(instance as ts.TypeReference)[0]!;
  }

  #oneOf(types: readonly ts.Type[], where: string): PropertySpec | undefined {
    if (types.every((type) => type.isStringLiteral())) {
      return this.#enumeration(types as ts.StringLiteralType[], where);
    }
    const specs = types.map((type, index) => this.#single(type, types.length > 1 ? `${where}${index + 1}` : where));
    const known = new Map(specs.filter((spec) => spec !== undefined).map((spec) => [JSON.stringify(spec), spec]));
    const [first, ...others] = known.values();
    if (first === undefined || others.length === 0) return first;
    // A schema has no unions.
    return [first, ...others].some(({ $ref }) => $ref === ANY) ? { $ref: ANY } : { oneOf: [first, ...others] };
  }

  #enumeration(types: readonly ts.StringLiteralType[], where: string): PropertySpec {
    this.types[where] = { type: 'string', enum: types.map(({ value }) => ({ value })) };
    return this.#reference(where);
  }

  #single(type: ts.Type, where: string): PropertySpec | undefined {
    for (const [flag, name] of PRIMITIVES) if (type.flags & flag) return { type: name };
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.NonPrimitive)) return { $ref: ANY };
    if (type.getCallSignatures().length > 0) return undefined;
    if (this.#checker.isArrayType(type)) {
      const [element] = this.#checker.getTypeArguments(type as ts.TypeReference);
      const items = this.property(element!, where);
      return items && { type: 'array', items: withoutPlain(items) };
    }
    const values = type.getStringIndexType();
    if (values) {
      const additionalProperties = this.property(values, where);
      return additionalProperties && { type: 'object', additionalProperties: withoutPlain(additionalProperties) };
    }
    if (this.isResource(type)) return undefined;
    return this.#isOurs(type) ? this.#object(type, where) : { $ref: ANY };
  }

  #object(type: ts.Type, where: string): PropertySpec {
    const known = this.#names.get(type);
    if (known !== undefined) return this.#reference(known);
    const symbol = type.aliasSymbol ?? type.getSymbol();
    const own = symbol === undefined || symbol.name.startsWith('__') || symbol.name in this.types ? where : symbol.name;
    // A type that a built-in alias such as Pick makes from an interface differs from that interface.
    const name = type.aliasSymbol && !this.#isDeclaredHere(type.aliasSymbol) ? where : own;
    this.#names.set(type, name);
    this.types[name] = { type: 'object' };
    Object.assign(this.types[name], symbol && this.description(symbol), this.properties(type.getProperties(), name));
    return this.#reference(name);
  }

  #reference = (name: string): PropertySpec => ({ $ref: `#/types/${this.#package}:index:${name}` });

  #isDeclaredHere = (symbol: ts.Symbol): boolean =>
    symbol.declarations?.some((one) => one.getSourceFile().fileName.startsWith(this.#root)) === true;

  /** This includes types made from the properties of one of ours. */
  #isOurs(type: ts.Type): boolean {
    const symbols = [type.getSymbol(), ...type.getProperties()].filter((symbol) => symbol !== undefined);
    return symbols.some(this.#isDeclaredHere);
  }

  isResource(type: ts.Type): boolean {
    return type.getProperty('__pulumiResource') !== undefined || type.getProperty('urn') !== undefined;
  }
}

const withoutPlain = ({ plain: _, ...spec }: PropertySpec): PropertySpec => spec;

const membersOf = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

const isOutput = (type: ts.Type): boolean =>
  type.isIntersection() ? type.types.some(isOutput) : type.getSymbol()?.name === 'OutputInstance';

const isPromise = (type: ts.Type): boolean => type.getSymbol()?.name === 'Promise';
