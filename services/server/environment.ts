import * as v from 'valibot';

/** A fault in the configuration of a service, as a sentence for the person who starts it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

export const port = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, 'is not a port number'),
  v.transform(Number),
  v.maxValue(65_535, 'is not a port number'),
);

/**
 * Reads the environment variables of a service. An empty variable counts as unset, as in the shell's ${X:-default}.
 * Throws a `ConfigError`.
 */
export function parseEnvironment<Schema extends v.GenericSchema<unknown, unknown>>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): v.InferOutput<Schema> {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = v.safeParse(schema, given);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const what = issue.input === undefined ? 'is missing' : issue.message;
  throw new ConfigError(`The environment variable ${v.getDotPath(issue) ?? ''} ${what}.`);
}
