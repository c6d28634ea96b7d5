import { readFileSync } from 'node:fs';
import { GENERATED, type ReferencePage, table } from './page.ts';

interface Reference {
  readonly $ref: string;
}
interface Operation {
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly (Reference | Parameter)[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: Reference }> };
  readonly responses: Record<string, Reference | { readonly description: string }>;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
}
interface Description {
  readonly info: { readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Record<string, Record<string, Operation | readonly (Reference | Parameter)[]>>;
  readonly components: Record<string, Record<string, unknown>>;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The HTTP API of backends, from the OpenAPI description that every replica serves. */
export function httpApiPage(): ReferencePage {
  const file = new URL('../../services/server/api/openapi.json', import.meta.url);
  const api = JSON.parse(readFileSync(file, 'utf8')) as Description;
  const resolve = <T extends object>(given: T | Reference): T => {
    if (!('$ref' in given)) return given;
    const [kind, name] = given.$ref.split('/').slice(-2) as [string, string];
    return api.components[kind]![name] as T;
  };
  const parametersOf = (list: readonly (Reference | Parameter)[]) =>
    table(
      ['parameter', 'in', 'required', 'meaning'],
      list.map((each) => {
        const { name, in: where, required = false, description = '' } = resolve<Parameter>(each);
        return [`\`${name}\``, where, required ? 'yes' : 'no', description];
      }),
    );
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => {
      const operation = item[method] as Operation;
      const parameters = [
        ...((item['parameters'] as readonly (Reference | Parameter)[] | undefined) ?? []),
        ...(operation.parameters ?? []),
      ];
      const [body] = Object.values(operation.requestBody?.content ?? {});
      return [
        `## ${operation.summary}`,
        `\`${method.toUpperCase()} ${api.servers[0]!.url}${path}\``,
        operation.description,
        parameters.length > 0 ? parametersOf(parameters) : undefined,
        body && `Body: \`${body.schema.$ref.split('/').at(-1)}\` of the description.`,
        table(
          ['status', 'meaning'],
          Object.entries(operation.responses).map(([status, response]) => [
            status,
            resolve<{ description: string }>(response).description,
          ]),
        ),
      ]
        .filter((part) => part !== undefined)
        .join('\n\n');
    }),
  );
  const introduction = `# The HTTP API

${GENERATED}

${api.info.description}

The whole description, with every schema, is [\`openapi.json\`](../../services/server/api/openapi.json); a cluster with API
keys serves it as \`/api/v1/openapi.json\`. [Your own backend](../guides/your-backend.md) shows how to use it.`;
  return { file: 'docs/reference/http-api.md', text: `${[introduction, ...operations].join('\n\n')}\n` };
}
