import { spawn } from 'node:child_process';
import { findBinary } from '../setup/binaries.mjs';

const OPENERS = process.platform === 'darwin' ? ['open'] : ['xdg-open', 'wslview'];

/** The program that opens an address in the user's browser, or a sentence that says why there is none. */
export function browserOpener(): { readonly program: string } | { readonly problem: string } {
  const program = findBinary(...OPENERS);
  if (program !== undefined) return { program };
  return { problem: `This machine has no ${OPENERS[0]} to open a browser with: open the address.` };
}

/** Opens an address with a program that outlives this one. */
export function openAddress(program: string, url: string): void {
  const child = spawn(program, [url], { detached: true, stdio: 'ignore' });
  // The address is printed as well.
  child.on('error', () => undefined);
  child.unref();
}

/** The reason why nobody would see a browser; undefined where somebody would. `environment` is that of the process. */
export function noScreen(
  environment: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (environment['CI']) return 'The browser is not opened, as this runs in CI.';
  const screens = ['DISPLAY', 'WAYLAND_DISPLAY', 'WSL_DISTRO_NAME'];
  if (platform !== 'linux' || screens.some((name) => environment[name])) return undefined;
  return 'The browser is not opened, as there is no screen here (DISPLAY is not set): open the address elsewhere.';
}
