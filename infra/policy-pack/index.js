// Where Pulumi enters. Plain JavaScript: it would give an entry in TypeScript to a compiler that is too old for ours,
// while what this imports is run by Node as it is.
import { PolicyPack } from '@pulumi/policy';
import { crossGuard } from './pack.ts';

new PolicyPack('gridlock', { enforcementLevel: 'mandatory', policies: crossGuard() });
