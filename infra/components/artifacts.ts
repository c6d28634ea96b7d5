/** The fields of `helm.v3.Release` for a chart's place. */
export interface ChartPlace {
  chart: string;
  version?: string;
  repositoryOpts?: { repo: string };
}

/** An image reference as a cluster pulls it: with its mirror in front, if there is one. */
export const mirrored = ({ imageMirror = '' }: { imageMirror?: string | undefined }, reference: string): string =>
  imageMirror === '' ? reference : `${imageMirror}/${reference}`;
