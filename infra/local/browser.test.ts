import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noScreen } from './browser.ts';

test('a browser is opened where there is a screen, and never in CI', () => {
  assert.equal(noScreen({ DISPLAY: ':0' }, 'linux'), undefined);
  assert.equal(noScreen({ WAYLAND_DISPLAY: 'wayland-0' }, 'linux'), undefined);
  assert.equal(noScreen({ WSL_DISTRO_NAME: 'Debian' }, 'linux'), undefined);
  assert.equal(noScreen({}, 'darwin'), undefined);
  assert.match(noScreen({ DISPLAY: ':0', CI: 'true' }, 'linux')!, /CI/);
  assert.match(noScreen({}, 'linux')!, /no screen here \(DISPLAY is not set\): open the address elsewhere/);
});
