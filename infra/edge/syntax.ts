/** Quotes an argument for HAProxy's parser: inside double quotes only these three mean something. */
export const quote = (text: string): string => `"${text.replace(/[\\"$]/g, '\\$&')}"`;

/** A section of the configuration: its heading, then its lines indented; `false` lines are left out. */
export function section(
  heading: string,
  lines: readonly (string | false | readonly (string | false)[])[],
): string {
  const body = lines.flat().filter((line) => line !== false);
  return [heading, ...body.map((line) => `  ${line}`)].join('\n');
}

const errorBody = (code: string, message: string): string => quote(JSON.stringify({ code, message }));

/** `http-request return` of an error as JSON. `headers` are name and value. */
export function refuse(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): string {
  const extra = Object.entries(headers)
    .map(([name, value]) => ` hdr ${name} ${quote(value)}`)
    .join('');
  const body = errorBody(code, message);
  return `http-request return status ${status} content-type application/json string ${body}${extra}`;
}

/** What HAProxy answers when it gives up by itself. */
export function errorPage(
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): string {
  return refuse(status, code, message, headers).replace('http-request return', 'http-error');
}
