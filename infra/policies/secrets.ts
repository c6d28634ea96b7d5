import type { Container, Fields } from './manifest.ts';
import { eachContainer, type Policy } from './policy.ts';

const SENSITIVE = /(PASSWORD|PASSWD|TOKEN|SECRET|CREDENTIALS?|PRIVATE_KEY|API_KEY|ACCESS_KEY)$/i;

const environment = ({ env = [] }: Container): Fields[] => env;

export const SECRETS: readonly Policy[] = [
  eachContainer('secrets-by-file', 'Secrets reach containers as files, not as environment variables.', (container) => {
    const variable = environment(container).find(({ valueFrom }) => valueFrom?.secretKeyRef);
    if (variable) return `has the secret ${variable.name} in its environment`;
    const whole = ((container.envFrom ?? []) as Fields[]).find(({ secretRef }) => secretRef);
    return whole ? `has the Secret ${whole.secretRef.name} in its environment` : undefined;
  }),
  eachContainer('no-plain-secrets', 'Environment variables hold no passwords or tokens.', (container) => {
    const variable = environment(container).find(({ name, value }) => SENSITIVE.test(name) && value);
    return variable ? `has ${variable.name} in the clear` : undefined;
  }),
];
