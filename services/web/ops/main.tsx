import { render } from 'preact';
import { OPERATIONS_SOCKET } from '../../protocol/operations.ts';
import { App } from './components/app.tsx';
import { Feed, type FeedSocket } from './feed.ts';
import { signInAgain } from './operator.ts';
import { startStore } from './store.ts';

const page = document.getElementById('page');
if (!page) throw new Error('The page has no element with the id "page".');
const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
startStore(
  (handlers) =>
    new Feed({
      open: () => new WebSocket(`${scheme}://${location.host}${OPERATIONS_SOCKET}`) as FeedSocket,
      setTimeout: (callback, delayMs) => window.setTimeout(callback, delayMs),
      clearTimeout: (timer) => window.clearTimeout(timer),
      ...handlers,
    }),
);
void signInAgain();
render(<App />, page);
