import { render } from 'preact';
import { grid } from '../apps/grid/grid.ts';
import { createClient } from '../client/browser.ts';
import { offerAddressedGame } from './actions.ts';
import { App } from './components/app.tsx';
import { reflectInDocument, startClock } from './game-clock.ts';
import { name } from './preferences.ts';
import { startSession } from './session.ts';

const page = document.getElementById('page');
if (!page) throw new Error('The page has no element with the id "page".');
startSession(createClient({ name: name.value, room: grid }));
startClock();
reflectInDocument();
offerAddressedGame();
render(<App />, page);
