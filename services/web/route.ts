import { signal } from '@preact/signals';
import { readCode } from './model/format.ts';

const codeOfAddress = () => (location.hash ? readCode(location.hash) : undefined);

/** The game that the address names (`/#ABCDEF`), whether or not the player is in it. */
export const addressedGame = signal(codeOfAddress());

addEventListener('hashchange', () => void (addressedGame.value = codeOfAddress()));

/** Calls back when the user, not the page, has made the address name a game. */
export function onAddressedGame(listener: (code: string) => void): void {
  addEventListener('hashchange', () => {
    if (addressedGame.value) listener(addressedGame.value);
  });
}

/** Writes a game into the address, so that it can be shared and survives a reload; undefined takes it out. */
export function showInAddress(code: string | undefined): void {
  history.replaceState(null, '', code ? `#${code}` : location.pathname);
  addressedGame.value = code;
}

/**
 * Whether the address asks for a game at once (`/?play`), and against what: `/?play=bot` against a bot of the chosen
 * strength, `/?play=hard` against one of that strength.
 */
export function askedToPlay(): { readonly against: string } | undefined {
  const against = new URLSearchParams(location.search).get('play');
  return against === null ? undefined : { against };
}
