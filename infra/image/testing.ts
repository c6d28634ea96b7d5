import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** A user's application in its own folder: the counter under another name, with its own module and page. */
export function userApp(directory: string, web?: string): string {
  const folder = mkdtempSync(path.join(directory, 'app-'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(path.join(folder, 'name.js'), "export const NAME = 'tally';\n");
  writeFileSync(
    path.join(folder, 'app.js'),
    `import * as v from 'valibot';
import { NAME } from './name.js';
const Player = v.object({ id: v.string(), name: v.string() });
export default {
  name: NAME,
  refusals: {},
  settings: v.strictObject({}),
  command: v.strictObject({ kind: v.literal('count') }),
  event: v.variant('kind', [
    v.object({ kind: v.literal('opened') }),
    v.object({ kind: v.literal('joined'), player: Player }),
    v.object({ kind: v.literal('counted') }),
  ]),
  state: v.object({ value: v.number(), players: v.array(Player) }),
  decide(state, { kind }, { player }) {
    const joined = { kind: 'joined', player: { id: player?.id, name: player?.name } };
    if (kind === 'create') return { events: [{ kind: 'opened' }, joined] };
    if (kind === 'join') return { events: [joined] };
    return { events: kind === 'count' ? [{ kind: 'counted' }] : [] };
  },
  evolve(state, event) {
    if (event.kind === 'opened') return { value: 0, players: [] };
    if (event.kind === 'joined') return { ...state, players: [...state.players, event.player] };
    return { ...state, value: state.value + 1 };
  },
  members: ({ players }) => players,
  deadline: () => undefined,
  isOver: () => false,
  isOpen: () => true,
  isPublic: () => true,
  matching: { key: () => 'any', seats: () => 10 },
};
`,
  );
  if (web !== undefined) {
    mkdirSync(path.join(folder, 'web'));
    writeFileSync(path.join(folder, 'web', 'index.html'), web);
  }
  return folder;
}
