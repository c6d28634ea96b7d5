/** Largest page of metrics that is read. */
const MOST_BYTES = 1_000_000;
const VALUE = /^[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/**
 * The value of a gauge in the text format of Prometheus, summed over its labels; undefined when it is not
 * there or is no number that counts something.
 */
export function gaugeIn(text: string, name: string): number | undefined {
  let sum: number | undefined;
  for (const line of text.split('\n')) {
    if (!line.startsWith(name)) continue;
    const match = /^(?:\{.*\})?\s+(\S+)(?:\s+-?\d+)?$/.exec(line.slice(name.length).trimEnd());
    if (!match) continue;
    if (!VALUE.test(match[1] ?? '')) return undefined;
    sum = (sum ?? 0) + Number(match[1]);
  }
  return sum;
}

/**
 * Reads a gauge from a replica.
 * @throws Error with what was wrong, without the replica's name
 */
export async function scrape(url: string, name: string, timeoutMs: number): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' });
  const text = (await response.text()).slice(0, MOST_BYTES);
  if (response.status !== 200) throw new Error(`it answered ${response.status}`);
  const value = gaugeIn(text, name);
  if (value === undefined) throw new Error(`its metrics have no ${name}`);
  return value;
}
