import { eachContainer, type Policy } from './policy.ts';

const DIGEST = /@sha256:[0-9a-f]{64}$/;
const TAG = /:([\w][\w.-]{0,127})$/;

export const IMAGES: readonly Policy[] = [
  eachContainer('pinned-image', 'Images have a tag other than latest, or a digest.', ({ image }) => {
    if (DIGEST.test(image)) return undefined;
    const tag = TAG.exec(image)?.[1];
    if (tag === undefined) return `has the image ${image} without a tag`;
    return tag === 'latest' ? `has the image ${image}` : undefined;
  }),
  eachContainer('image-pulled-anew', 'A tag is asked for anew at every start.', ({ image, imagePullPolicy }) =>
    DIGEST.test(image) || imagePullPolicy === 'Always'
      ? undefined
      : `pulls its image ${imagePullPolicy ?? 'by chance'}`,
  ),
];
