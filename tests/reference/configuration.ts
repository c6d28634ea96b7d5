import { changeGroups } from '../../infra/config/changeability.ts';
import { CLUSTER_KEYS } from '../../infra/config/cluster-keys.ts';
import { flagOf, KEYS, type Key, LOCAL_KEYS } from '../../infra/config/keys.ts';
import { PLAYER_KEYS } from '../../infra/config/player-keys.ts';
import { SERVER_KEYS } from '../../infra/config/server-keys.ts';
import { code, GENERATED, type ReferencePage, table } from './page.ts';

interface Group {
  readonly title: string;
  readonly about: string;
  readonly has: (key: Key) => boolean;
}

const among = (keys: object) => (key: Key) => Object.hasOwn(keys, key);
const beginningWith = (pattern: RegExp) => (key: Key) => among(CLUSTER_KEYS)(key) && pattern.test(key);

/** The first group that has a key shows it; the last one has what is left. */
const GROUPS: readonly Group[] = [
  {
    title: 'Players and their backends',
    about: 'See [your own users](../guides/your-users.md) and [your own backend](../guides/your-backend.md).',
    has: among(PLAYER_KEYS),
  },
  {
    title: 'Your own server',
    about: 'See [your own server](../guides/your-server.md).',
    has: among(SERVER_KEYS),
  },
  {
    title: 'Everywhere',
    about: 'Processes, containers and Kubernetes use these keys.',
    has: among(LOCAL_KEYS),
  },
  {
    title: 'Images and charts',
    about: 'Only containers and Kubernetes use these keys and those of the sections below.',
    has: beginningWith(/image|^charts$/i),
  },
  { title: 'The edge', about: '', has: beginningWith(/^(ingress|proxyProtocol|externalDns)/) },
  {
    title: 'Certificates',
    about: 'See [certificates](../guides/certificates.md).',
    has: beginningWith(/^(certificates|pki|acme)/),
  },
  { title: 'Redis', about: '', has: beginningWith(/^redis/) },
  {
    title: 'Scaling and monitoring',
    about: '',
    has: beginningWith(/^(autoscaling|maxReplicas|socketsPerReplica|scale|metrics|monitoring)/),
  },
  { title: 'The cluster', about: '', has: among(CLUSTER_KEYS) },
];

function shownDefault(key: Key): string {
  const { default: value } = KEYS[key];
  if (key === 'charts') return 'each installed, from its registry';
  return code(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

const rowOf = (key: Key): string[] => {
  const { help, allowed } = KEYS[key];
  return [code(key), Object.hasOwn(LOCAL_KEYS, key) ? code(`--${flagOf(key)}`) : '', shownDefault(key), help, allowed];
};

/** Every key of the configuration, with its flag of `npm start`, its default, its meaning and what is allowed. */
export function configurationPage(): ReferencePage {
  const left = new Set(Object.keys(KEYS) as Key[]);
  const sections = GROUPS.map(({ title, about, has }) => {
    const keys = [...left].filter(has);
    for (const key of keys) left.delete(key);
    const rows = table(['key', 'flag of `npm start`', 'default', 'meaning', 'allowed'], keys.map(rowOf));
    return [`## ${title}`, about, rows].filter((part) => part !== '').join('\n\n');
  });
  if (left.size > 0) throw new Error(`No group of the reference has ${[...left].join(', ')}: add one.`);
  const text = [INTRODUCTION, ...sections, CHANGES, changes()].join('\n\n');
  return { file: 'docs/reference/configuration.md', text: `${text}\n` };
}

const changes = (): string =>
  table(
    ['keys', 'on a running stack', 'what it costs, or what to do instead'],
    changeGroups().map(({ keys, effect, cost }) => [keys.map(code).join(' '), effect, cost]),
  );

const CHANGES = `## Changing a running stack

The table shows the effect of a change of each key on a stack that is up on Kubernetes. \`npm run up\`, and the program
under plain \`pulumi up\`, compare every key with the value that the stack was brought up with. If the table calls a
change refused, they refuse it before anything is touched. [Changing a running
stack](../../infra/README.md#changing-a-running-stack) describes this check.`;

const INTRODUCTION = `# Configuration

${GENERATED}

One file configures a system, however you run it: \`Pulumi.<stack>.yaml\`. \`npm start\`, \`npm run compose\`, \`npm run up\`
and plain \`pulumi up\` read the same keys. A flag overrides the stack's file, the stack's file overrides the \`config\` of
\`Pulumi.yaml\`, and this \`config\` overrides the default.

\`\`\`yaml
# Pulumi.dev.yaml
config:
  gridlock:replicas: 6
  gridlock:host: play.example.com
\`\`\`

\`replicas: 6\` is the same key as \`gridlock:replicas: 6\`. In \`Pulumi.yaml\`, a default is \`replicas: 6\`, \`{default: 6}\` or
\`{value: 6}\`. Gridlock refuses settings that it would not read: an unknown key, a key outside of \`config\` or set twice, an
\`environment\`, a stack file in another directory. If a value is wrong, the error names the key, the file and the allowed
values.

Only the Pulumi engine can read an encrypted value (\`pulumi config set --secret\`). \`redisUrl\` may be one;
\`npm run manifests\` then needs \`--redis-url\`. The password of \`redisUrl\` becomes a Secret and never appears in a variable,
an argument or a message.

Some keys must agree, and are checked together: \`cluster: existing\` needs a \`context\` or a \`kubeconfig\`, \`redis: external\`
a \`redisUrl\`, \`certificates: acme\` an \`acmeEmail\` and a public \`host\`, \`jwtIssuer\` a \`jwtAudience\` and keys.
`.trimEnd();
