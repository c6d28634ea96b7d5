/**
 * Growth of `y` for one of `x`, after Theil and Sen: the median of the slopes between all pairs. A few outliers, such
 * as a collection of garbage or a rewrite of a log, do not move it.
 */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  // Pairs grow with the square: 200 points say as much.
  const every = Math.max(1, Math.ceil(points.length / 200));
  const some = points.filter((_, index) => index % every === 0);
  const slopes: number[] = [];
  for (let first = 0; first < some.length; first++) {
    for (let second = first + 1; second < some.length; second++) {
      const run = some[second]![0] - some[first]![0];
      if (run > 0) slopes.push((some[second]![1] - some[first]![1]) / run);
    }
  }
  if (slopes.length === 0) return Number.NaN;
  slopes.sort((a, b) => a - b);
  const middle = slopes.length >> 1;
  return slopes.length % 2 === 1 ? slopes[middle]! : (slopes[middle - 1]! + slopes[middle]!) / 2;
}
