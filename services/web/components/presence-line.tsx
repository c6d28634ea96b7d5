import type { PlayerRef } from '../../protocol/index.ts';
import { list } from '../model/format.ts';
import { player, presences } from '../session.ts';

const NAMED = 6;

/** How many are in a channel, and the names of the first of them. */
export function PresenceLine({ channel }: { channel: string }) {
  const there = presences.value[channel];
  if (!there)
    return (
      <p class="presence" data-testid="presence">
        …
      </p>
    );
  const { count, players } = there;
  const nameOf = ({ id, name }: PlayerRef) => (id === player.value?.id ? `${name} (you)` : name);
  const names = players.slice(0, NAMED).map(nameOf);
  const others = count - names.length;
  const all = others > 0 ? [...names, `${others} more`] : names;
  return (
    <p class="presence" data-testid="presence" data-count={count} title={players.map(({ name }) => name).join(', ')}>
      <span class="presence-count">{count} here</span>{' '}
      {all.length > 0 && <span class="presence-names">{list(all)}</span>}
    </p>
  );
}
