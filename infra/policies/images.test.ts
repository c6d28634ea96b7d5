import { IMAGES } from './images.ts';
import { containerOf, testFaults } from './testing/faults.ts';

testFaults(IMAGES, [
  [
    'image-pulled-anew',
    'a tag that is not asked for anew',
    (o) => (containerOf(o).imagePullPolicy = 'IfNotPresent'),
    /pulls its image IfNotPresent/,
  ],
  ['pinned-image', 'no tag', (o) => (containerOf(o).image = 'registry:5000/web'), /without a tag/],
  ['pinned-image', 'latest', (o) => (containerOf(o).image = 'web:latest'), /image web:latest/],
]);
