import { eachContainer, type Policy } from './policy.ts';

const BOTH = ['memory', 'ephemeral-storage'];

export const RESOURCES: readonly Policy[] = [
  eachContainer('resource-requests', 'Containers request CPU, memory and local storage.', ({ resources }) => {
    const missing = ['cpu', ...BOTH].filter((name) => !resources?.requests?.[name]);
    return missing.length > 0 ? `requests no ${missing.join(', no ')}` : undefined;
  }),
  eachContainer('resource-limits', 'Containers have limits of CPU, memory and local storage.', ({ resources }) => {
    const missing = ['cpu', ...BOTH].filter((name) => !resources?.limits?.[name]);
    return missing.length > 0 ? `has no limit of ${missing.join(', none of ')}` : undefined;
  }),
];
