// The entry point for Pulumi. It is plain JavaScript, because Pulumi would compile TypeScript with a compiler that is
// too old for ours. Node runs the imported TypeScript directly.
import { PolicyPack } from '@pulumi/policy';
import { crossGuard } from './pack.ts';

new PolicyPack('gridlock', { enforcementLevel: 'mandatory', policies: crossGuard() });
