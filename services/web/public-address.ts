import { computed, signal } from '@preact/signals';
import { ADDRESS_PATH } from '../protocol/index.ts';
import { inviteOf, isThisMachine, readPublicOrigin } from './model/address.ts';

const told = signal<string | undefined>(undefined);

/** How others reach the cluster that served this page. */
export const invite = computed(() => inviteOf(location.origin, told.value));

/** Asks the server for its public origin, if the page's own origin is useless to others. */
export async function learnPublicAddress(): Promise<void> {
  if (!isThisMachine(location.hostname)) return;
  try {
    const answer = await fetch(ADDRESS_PATH);
    told.value = readPublicOrigin(await answer.json());
  } catch {
    // The link then stays that of this machine.
  }
}
