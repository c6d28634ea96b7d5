/** Quotes an argument for HAProxy's parser: inside double quotes only these three mean something. */
export const quote = (text: string): string => `"${text.replace(/[\\"$]/g, '\\$&')}"`;

/** A section of the configuration: its heading, then its lines indented; `false` lines are left out. */
export function section(heading: string, lines: readonly (string | false | readonly (string | false)[])[]): string {
  const body = lines.flat().filter((line) => line !== false);
  return [heading, ...body.map((line) => `  ${line}`)].join('\n');
}
