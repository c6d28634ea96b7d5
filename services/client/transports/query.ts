/** The query of a socket's address, which all requests of its connection carry: the edge may choose by it. */
export function queryOf(path: string): string {
  const start = path.indexOf('?');
  return start < 0 ? '' : path.slice(start);
}
