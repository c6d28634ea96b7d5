import path from 'node:path';
import ts from 'typescript';
import type { PackageSchema, ResourceSpec } from './package-schema.ts';
import { SchemaTypes } from './schema-types.ts';

export interface SchemaOptions {
  /** The module that exports the components. */
  readonly entry: string;
  /** The checkout. Types that are declared in it, and not in a package, are ours. */
  readonly root: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** Derives the schema of a package from the TypeScript of its components. @throws when one has no arguments */
export function packageSchema({ entry, root, ...head }: SchemaOptions): PackageSchema {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [entry] }, ts.sys, root);
  const program = ts.createProgram({ rootNames: [entry], options });
  const checker = program.getTypeChecker();
  const types = new SchemaTypes(checker, head.name, path.join(root, 'infra/'));
  const resources: Record<string, ResourceSpec> = {};
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry)!)!;
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (!(symbol.flags & ts.SymbolFlags.Class)) continue;
    if (!types.isResource(checker.getDeclaredTypeOfSymbol(symbol))) continue;
    resources[`${head.name}:index:${symbol.name}`] = resourceOf(symbol, checker, types);
  }
  const named = Object.entries(types.types).sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    ...head,
    meta: { supportPack: true },
    resources,
    types: Object.fromEntries(named.map(([name, type]) => [`${head.name}:index:${name}`, type])),
  };
}

function resourceOf(symbol: ts.Symbol, checker: ts.TypeChecker, types: SchemaTypes): ResourceSpec {
  const { name } = symbol;
  const [construct] = checker.getTypeOfSymbol(symbol).getConstructSignatures();
  const args = construct?.getParameters().find((parameter) => parameter.name === 'args');
  if (args === undefined) throw new Error(`The component ${name} has no parameter "args" in its constructor.`);
  const inputs = types.inputs(checker.getTypeOfSymbol(args), name);
  const outputs = types.properties(outputsOf(checker.getDeclaredTypeOfSymbol(symbol), checker), `${name}Output`);
  // A component's property is an output in the schema, whatever its type in TypeScript.
  const properties = Object.fromEntries(
    Object.entries(outputs.properties).map(([key, { plain: _, ...spec }]) => [key, spec]),
  );
  return {
    isComponent: true,
    ...types.description(symbol),
    inputProperties: inputs.properties,
    requiredInputs: inputs.required,
    properties,
    required: outputs.required,
  };
}

/** Public properties that the component itself declares as outputs. */
function outputsOf(type: ts.Type, checker: ts.TypeChecker): ts.Symbol[] {
  return type.getProperties().filter((property) => {
    const [declaration] = property.declarations ?? [];
    if (declaration === undefined || !ts.isPropertyDeclaration(declaration)) return false;
    if (declaration.getSourceFile().fileName.includes('/node_modules/')) return false;
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
    if (ts.getCombinedModifierFlags(declaration) & hidden || ts.isPrivateIdentifier(declaration.name)) return false;
    return checker.typeToString(checker.getTypeOfSymbol(property)).includes('Output<');
  });
}
