import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../protocol/index.ts';
import { type BrowserScope, createBrowserClient, type WebSocketLike } from './browser.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';

class FakeBrowser {
  readonly clock = new FakeClock();
  readonly requests: { url: string; init: Record<string, unknown> }[] = [];
  readonly sockets: (WebSocketLike & { url: string; protocol: string; closed: boolean })[] = [];
  readonly stored = new Map<string, string>();
  status = 201;
  online = () => {};

  readonly scope: BrowserScope = {
    location: { origin: 'https://localhost:8443' },
    sessionStorage: {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, value) => void this.stored.set(key, value),
    },
    fetch: async (url, init) => {
      this.requests.push({ url, init: init as Record<string, unknown> });
      const body = { player: { id: 'p1', name: 'Ada' }, expiresAt: Date.now() + 43_200_000 };
      return { status: this.status, text: async () => JSON.stringify(body) };
    },
    WebSocket: socketClass(this.sockets),
    setTimeout: (callback, delayMs) => this.clock.setTimeout(callback, delayMs),
    clearTimeout: (timer) => this.clock.clearTimeout(timer),
    addEventListener: (_, listener) => void (this.online = listener),
  };

  welcome(): void {
    const { messageBytes, messagesPerSecond, chatLength, resumeWindowMs } = LIMITS;
    const limits = { messageBytes, messagesPerSecond, chatLength, resumeWindowMs };
    const [protocol, replica, connection, player] = ['gridlock.v1', '1111', 'c1', { id: 'p1', name: 'Ada' }];
    const welcome = { type: 'welcome', protocol, replica, connection, player, heartbeatMs: 15_000, now: 1, limits };
    this.sockets.at(-1)!.onmessage!({ data: JSON.stringify(welcome) });
  }
}

function socketClass(sockets: FakeBrowser['sockets']) {
  return class {
    onmessage = null;
    onclose = null;
    onerror = null;
    closed = false;
    readonly url: string;
    readonly protocol: string;
    constructor(url: string, protocol: string) {
      this.url = url;
      this.protocol = protocol;
      sockets.push(this);
    }
    send(): void {}
    close(): void {
      this.closed = true;
    }
  };
}

test('a page gets a cookie for its tab and opens the socket of the same origin', async () => {
  const browser = new FakeBrowser();
  const client = createBrowserClient({ name: 'Ada' }, browser.scope);
  const opened = client.connect();
  await settle();
  const [{ url, init }] = browser.requests as [FakeBrowser['requests'][0]];
  assert.equal(url, 'https://localhost:8443/api/session');
  const { slot, ...body } = JSON.parse(init.body as string) as Record<string, string>;
  assert.match(slot!, /^[a-z0-9]{12}$/);
  assert.deepEqual([init.method, init.credentials], ['POST', 'same-origin']);
  assert.deepEqual(body, { name: 'Ada', transport: 'cookie' });
  const [opening, ...more] = browser.sockets;
  assert.match(opening!.url, new RegExp(`^wss://localhost:8443/ws\\?slot=${slot}&attempt=[a-z0-9]{8}\\.[0-9]+$`));
  assert.deepEqual([opening!.protocol, more.length], ['gridlock.v1', 0]);
  browser.welcome();
  await opened;
});

test('a reload of the tab is the same guest, another tab is not', async () => {
  const browser = new FakeBrowser();
  void createBrowserClient({}, browser.scope).connect();
  await settle();
  void createBrowserClient({}, browser.scope).connect();
  await settle();
  browser.stored.clear();
  void createBrowserClient({}, browser.scope).connect();
  await settle();
  const [first, second, third] = browser.sockets.map(({ url }) => new URL(url).searchParams.get('slot'));
  assert.equal(first, second);
  assert.notEqual(first, third);
  assert.equal(browser.requests.length, 2);
});

test('a page whose session is refused says why and stops', async () => {
  const browser = new FakeBrowser();
  browser.status = 403;
  const client = createBrowserClient({}, browser.scope);
  await assert.rejects(client.connect(), /answered 403 to the request for a session/);
  assert.equal(client.state, 'closed');
});

test('a page that is back in the net reconnects without waiting for the back-off', async () => {
  const browser = new FakeBrowser();
  const client = createBrowserClient({}, browser.scope);
  const opened = client.connect();
  await settle();
  browser.welcome();
  await opened;
  browser.sockets[0]!.onclose!({ code: 1006, reason: '' });
  assert.equal(client.state, 'reconnecting');
  browser.online();
  await settle();
  assert.equal(browser.sockets.length, 2);
});

test('a page that may not use session storage plays all the same', async () => {
  const browser = new FakeBrowser();
  const scope = Object.defineProperty({ ...browser.scope }, 'sessionStorage', {
    get: () => {
      throw new Error('SecurityError');
    },
  });
  const opened = createBrowserClient({}, scope).connect();
  await settle();
  browser.welcome();
  await opened;
});

test('a request for a session that is not answered is given up, so that its cookie does not come late', async () => {
  const browser = new FakeBrowser();
  const signals: AbortSignal[] = [];
  const scope = {
    ...browser.scope,
    AbortController,
    fetch: (_url: string, { signal }: { signal?: AbortSignal }) =>
      new Promise<never>((_, reject) => {
        signals.push(signal!);
        signal!.addEventListener('abort', () => reject(new Error('aborted')));
      }),
  } as unknown as BrowserScope;
  const client = createBrowserClient({}, scope);
  client.connect().catch(() => undefined);
  await settle();
  assert.equal(signals[0]!.aborted, false);
  await browser.clock.advance(10_000);
  assert.equal(signals[0]!.aborted, true);
  await browser.clock.advance(60_000);
  assert.ok(signals.length > 1, 'and asked for again');
  client.close();
});
