/** The fields of a reply to `INFO`: a `name:value` a line. */
export const infoFields = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, name, value]) => [name!, value!]));
