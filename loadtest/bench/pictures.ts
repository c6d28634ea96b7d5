import { curvePicture } from './curve/report.ts';
import { growthPicture } from './growth/report.ts';
import type { Result } from './result.ts';
import { soakPicture } from './soak/report.ts';

/** The pictures of a result, as SVG by file name. */
export function pictures(result: Result): Record<string, string> {
  const all = {
    'curve.svg': curvePicture(result),
    'growth.svg': growthPicture(result),
    'soak.svg': soakPicture(result),
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
