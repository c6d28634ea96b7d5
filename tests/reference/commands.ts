import type { Catalog } from '../../cli/catalog.ts';
import { GENERATED, type ReferencePage } from './page.ts';

/** The section of a help text that lists the configuration: its keys have a separate page. */
const CONFIGURATION = /^Configuration \(.*\):\n(?: .*(?:\n|$))*/m;
export const shortened = (help: string): string =>
  help.replace(CONFIGURATION, 'Configuration: a flag for each key, see configuration.md.\n').trim();

/** The help of every command, from its definition. */
export function commandsPage(catalog: Catalog): ReferencePage {
  const { '': overview, ...commands } = catalog;
  const sections = Object.entries(commands).map(
    ([name, { help }]) => `## gridlock ${name}\n\n\`\`\`text\n${shortened(help)}\n\`\`\``,
  );
  const introduction = `# Commands

${GENERATED}

Run a command as \`npx gridlock <command>\`, or by the npm script of the same name: \`npm run load -- smoke\` is
\`gridlock load smoke\`. [The command line](../../cli/README.md) describes the common part.

\`\`\`text
${overview!.help.trim()}
\`\`\``;
  return { file: 'docs/reference/commands.md', text: `${[introduction, ...sections].join('\n\n')}\n` };
}
