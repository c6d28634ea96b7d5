import room from 'application';
import { render } from 'preact';
import { createClient } from '../../client/browser.ts';
import { Inspector } from './inspector.tsx';
import { startRooms } from './rooms.ts';

const page = document.getElementById('page');
if (!page) throw new Error('The page has no element with the id "page".');
startRooms(createClient({ room }));
render(<Inspector room={room} />, page);
