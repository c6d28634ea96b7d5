import { isDeepStrictEqual } from 'node:util';
import {
  eachContainer,
  isController,
  type Labels,
  type Manifest,
  matches,
  type Policy,
  podTemplate,
} from './manifest.ts';

const WANTED = ['name', 'instance', 'component', 'part-of', 'managed-by'].map((name) => `app.kubernetes.io/${name}`);
const LABEL_KEY = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;

const invalid = (labels: Labels | undefined): string[] =>
  Object.entries(labels ?? {})
    .filter(([key, value]) => !LABEL_KEY.test(key) || !LABEL_VALUE.test(String(value)))
    .map(([key, value]) => `has the invalid label ${key}: ${value}`);

const missing = (labels: Labels | undefined): string[] => WANTED.filter((name) => !labels?.[name]);

export const METADATA: readonly Policy[] = [
  {
    name: 'labels',
    sentence: "Objects and their pods carry Kubernetes' recommended labels.",
    check: (manifest) => {
      const pod = podTemplate(manifest);
      const own = missing(manifest.metadata?.labels);
      const pods = pod && manifest.kind !== 'Pod' ? missing(pod.metadata.labels) : [];
      return [
        ...(own.length > 0 ? [`lacks the labels ${own.join(', ')}`] : []),
        ...(pods.length > 0 ? [`lacks the labels ${pods.join(', ')} on its pods`] : []),
      ];
    },
  },
  {
    name: 'valid-labels',
    sentence: 'Labels are valid for the API server.',
    check: (manifest) => [
      ...invalid(manifest.metadata?.labels),
      ...(isController(manifest) ? invalid(podTemplate(manifest)?.metadata.labels) : []),
    ],
  },
  {
    name: 'selector-fits',
    sentence: 'A workload selects its own pods.',
    check: (manifest) => {
      if (!isController(manifest)) return [];
      const wanted = manifest.spec?.selector?.matchLabels as Labels | undefined;
      if (!wanted || isDeepStrictEqual(wanted, {})) return ['selects nothing'];
      return matches(wanted, podTemplate(manifest)?.metadata.labels) ? [] : ['does not select its own pods'];
    },
  },
  eachContainer('no-duplicate-variables', 'No environment variable is set twice.', ({ env = [] }) => {
    const names = (env as { name: string }[]).map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) < index);
    return twice ? `sets ${twice} twice` : undefined;
  }),
  {
    name: 'stable-api',
    sentence: 'Objects have a stable API version.',
    check: ({ apiVersion }: Manifest) =>
      /v\d+(alpha|beta)\d+$/.test(apiVersion) ? [`has the version ${apiVersion}, which may be removed`] : [],
  },
];
