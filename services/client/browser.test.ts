import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../protocol/index.ts';
import { type BrowserScope, createClient, type WebSocketLike } from './browser.ts';
import { FakeClock, settle } from './testing/fake-clock.ts';

class FakeBrowser {
  readonly clock = new FakeClock();
  readonly requests: { url: string; init: Record<string, unknown> }[] = [];
  readonly sockets: (WebSocketLike & { url: string; protocol: string | string[]; closed: boolean })[] = [];
  readonly stored = new Map<string, string>();
  status = 201;
  token: string | undefined;
  readonly listeners = new Map<string, () => void>();

  readonly scope: BrowserScope = {
    Date: { now: () => 0 },
    location: { origin: 'https://localhost:8443' },
    sessionStorage: {
      getItem: (key) => this.stored.get(key) ?? null,
      setItem: (key, value) => void this.stored.set(key, value),
    },
    fetch: async (url, init) => {
      this.requests.push({ url, init: init as Record<string, unknown> });
      const { token } = this;
      const body = { player: { id: 'p1', name: 'Ada' }, expiresAt: this.clock.now() + 43_200_000, token };
      return { status: this.status, text: async () => JSON.stringify(body) };
    },
    WebSocket: socketClass(this.sockets),
    performance: { timeOrigin: 0, now: () => this.clock.now() },
    setTimeout: (callback, delayMs) => this.clock.setTimeout(callback, delayMs),
    clearTimeout: (timer) => this.clock.clearTimeout(timer),
    ...target(this.listeners, ''),
    document: { visibilityState: 'visible', ...target(this.listeners, 'document ') },
    navigator: { connection: target(this.listeners, 'connection ') },
  };

  welcome(): void {
    const { messageBytes, messagesPerSecond, resumeWindowMs } = LIMITS;
    const limits = { messageBytes, messagesPerSecond, resumeWindowMs };
    const [protocol, replica, connection, player] = ['gridlock.v1', '1111', 'c1', { id: 'p1', name: 'Ada' }];
    const welcome = { type: 'welcome', protocol, replica, connection, player, heartbeatMs: 15_000, now: 1, limits };
    this.sockets.at(-1)!.onmessage!({ data: JSON.stringify(welcome) });
  }
}

const target = (listeners: Map<string, () => void>, prefix: string) => ({
  addEventListener: (type: string, listener: () => void) => void listeners.set(prefix + type, listener),
});

function socketClass(sockets: FakeBrowser['sockets']) {
  return class {
    onmessage = null;
    onclose = null;
    onerror = null;
    closed = false;
    readonly url: string;
    readonly protocol: string | string[];
    constructor(url: string, protocol: string | string[]) {
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
  const client = createClient({ name: 'Ada' }, browser.scope);
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

test('a tab stays the same guest over a reload, and another tab is another guest', async () => {
  const browser = new FakeBrowser();
  void createClient({}, browser.scope).connect();
  await settle();
  void createClient({}, browser.scope).connect();
  await settle();
  browser.stored.clear();
  void createClient({}, browser.scope).connect();
  await settle();
  const [first, second, third] = browser.sockets.map(({ url }) => new URL(url).searchParams.get('slot'));
  assert.equal(first, second);
  assert.notEqual(first, third);
  assert.equal(browser.requests.length, 2);
});

test('a second client with a separate store is another player, and stays that player over a reload', async () => {
  const browser = new FakeBrowser();
  const kept = new Map<string, string>();
  const store = { read: () => kept.get('bot'), write: (text: string) => void kept.set('bot', text) };
  for (const options of [{}, { store }, {}, { store }]) {
    void createClient(options, browser.scope).connect();
    await settle();
  }
  const slots = browser.sockets.map(({ url }) => new URL(url).searchParams.get('slot'));
  assert.deepEqual([slots[0], slots[1]], [slots[2], slots[3]]);
  assert.notEqual(slots[0], slots[1]);
});

test('a page whose session is refused says why and stops', async () => {
  const browser = new FakeBrowser();
  browser.status = 403;
  const client = createClient({}, browser.scope);
  await assert.rejects(client.connect(), /answered 403 to the request for a session/);
  assert.equal(client.state, 'closed');
});

test('a page that is online again reconnects without waiting for the back-off', async () => {
  const browser = new FakeBrowser();
  const client = createClient({}, browser.scope);
  const opened = client.connect();
  await settle();
  browser.welcome();
  await opened;
  browser.sockets[0]!.onclose!({ code: 1006, reason: '' });
  assert.equal(client.state, 'reconnecting');
  browser.listeners.get('online')!();
  await settle();
  assert.equal(browser.sockets.length, 2);
});

test('a page that may not use session storage still plays', async () => {
  const browser = new FakeBrowser();
  const scope = Object.defineProperty({ ...browser.scope }, 'sessionStorage', {
    get: () => {
      throw new Error('SecurityError');
    },
  });
  const opened = createClient({}, scope).connect();
  await settle();
  browser.welcome();
  await opened;
});

test('an unanswered request for a session is abandoned, so that its cookie does not come late', async () => {
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
  const client = createClient({}, scope);
  client.connect().catch(() => undefined);
  await settle();
  assert.equal(signals[0]!.aborted, false);
  await browser.clock.advance(10_000);
  assert.equal(signals[0]!.aborted, true);
  await browser.clock.advance(60_000);
  assert.ok(signals.length > 1, 'the session was requested again');
  client.close();
});

for (const sign of ['online', 'pageshow', 'document resume', 'document visibilitychange', 'connection change']) {
  test(`a page checks its connection after "${sign}"`, async () => {
    const browser = new FakeBrowser();
    const client = createClient({}, browser.scope);
    const opened = client.connect();
    await settle();
    browser.welcome();
    await opened;
    browser.listeners.get(sign)!();
    await browser.clock.advance(3_000);
    assert.ok(browser.sockets[0]!.closed && browser.sockets.length === 2, 'the silent socket was replaced');
    client.close();
  });
}

test('a page that was frozen checks its connection without any other sign', async () => {
  const browser = new FakeBrowser();
  let now = 0;
  const client = createClient({}, { ...browser.scope, Date: { now: () => now } });
  const opened = client.connect();
  await settle();
  browser.welcome();
  await opened;
  now += 1000;
  await browser.clock.advance(1000);
  await browser.clock.advance(2_900);
  const count = (): number => browser.sockets.length;
  assert.equal(count(), 1, 'a timer that fires on time is not a sign');
  now += 5000;
  await browser.clock.advance(1000);
  await browser.clock.advance(3_000);
  assert.ok(browser.sockets[0]!.closed && count() === 2, 'the silent socket was replaced');
  client.close();
});

test('a token in an answer is not kept, so that no script can read it', async () => {
  const browser = new FakeBrowser();
  browser.token = 'secret-token';
  void createClient({}, browser.scope).connect();
  await settle();
  assert.match(browser.stored.get('gridlock')!, /"expiresAt"/);
  assert.doesNotMatch(browser.stored.get('gridlock')!, /secret/);
});

/** The locks of a browser. The first page that requests a lock keeps it. */
function locksOf(held: Set<string>) {
  const request = (name: string, { signal }: { signal?: AbortSignal }, callback: () => Promise<never>) => {
    if (!held.has(name)) {
      held.add(name);
      return callback();
    }
    return new Promise<never>((_, reject) => {
      signal!.addEventListener('abort', () => reject(Object.assign(new Error('aborted'), { name: 'AbortError' })));
    });
  };
  return { request } as NonNullable<BrowserScope['navigator']>['locks'];
}

test('a duplicated tab begins as another guest, and leaves session and games to the original tab', async () => {
  const held = new Set<string>();
  const tab = (browser: FakeBrowser) => ({ ...browser.scope, AbortController, navigator: { locks: locksOf(held)! } });
  const first = new FakeBrowser();
  void createClient({}, tab(first)).connect();
  await settle();
  const copy = new FakeBrowser();
  const saved = JSON.parse(first.stored.get('gridlock')!) as object;
  copy.stored.set('gridlock', JSON.stringify({ ...saved, games: [{ game: 'ABCDEF' }], channels: ['ABCDEF'] }));
  const client = createClient({}, tab(copy));
  const copied: unknown[] = [];
  client.on('copied', (what) => void copied.push(what));
  void client.connect();
  await copy.clock.advance(1_000);
  await settle();
  assert.deepEqual(copied, [{ games: ['ABCDEF'] }]);
  const [slot, ownSlot] = [first, copy].map(({ sockets }) => new URL(sockets[0]!.url).searchParams.get('slot'));
  assert.notEqual(slot, ownSlot);
  assert.equal(copy.requests.length, 1, 'it got a separate session');
  assert.doesNotMatch(copy.stored.get('gridlock')!, /ABCDEF/);
  assert.equal(held.size, 2);
});

test('the clock of a page runs evenly even when the clock of the machine is set', () => {
  const browser = new FakeBrowser();
  let elapsed = 5;
  const scope = { ...browser.scope, performance: { timeOrigin: 1_000, now: () => elapsed } };
  const client = createClient({}, scope);
  assert.equal(client.serverNow(), 1_005);
  const { now } = Date;
  try {
    Date.now = () => now() + 3_600_000;
    elapsed = 6;
    assert.equal(client.serverNow(), 1_006);
  } finally {
    Date.now = now;
  }
});

test('a page of another origin holds the token itself and sends it with every request', async () => {
  const browser = new FakeBrowser();
  browser.token = 'bearer-1';
  const client = createClient({ url: 'https://play.example' }, browser.scope);
  const opened = client.connect();
  await settle();
  const [{ url, init }] = browser.requests as [FakeBrowser['requests'][0]];
  assert.deepEqual([url, init.credentials], ['https://play.example/api/session', 'include']);
  assert.equal((JSON.parse(init.body as string) as { transport: string }).transport, 'bearer');
  const [socket] = browser.sockets;
  assert.match(socket!.url, /^wss:\/\/play\.example\/ws\?slot=/);
  assert.deepEqual(socket!.protocol, ['gridlock.v1', 'gridlock.v1.bearer.bearer-1']);
  browser.welcome();
  await opened;
  browser.status = 204;
  await client.logout();
  const { headers, method } = browser.requests.at(-1)!.init;
  assert.deepEqual([method, (headers as Record<string, string>)['authorization']], ['DELETE', 'Bearer bearer-1']);
});

for (const url of ['play.example', 'https://play.example/path', 'ftp://play.example', 'https://u:p@play.example', '']) {
  test(`"${url}" is refused at once because it is not an origin`, () => {
    assert.throws(() => createClient({ url }, new FakeBrowser().scope), { code: 'wrong_address' });
  });
}

test('the JWT of a user is sent for each session, even if a previous page saved one', async () => {
  const browser = new FakeBrowser();
  const given = ['jwt-1', 'jwt-2'];
  const arrive = async () => {
    void createClient({ token: () => given.shift()! }, browser.scope).connect();
    await settle();
  };
  await arrive();
  await arrive();
  const shown = browser.requests.map(({ init }) => (init.headers as Record<string, string>)['authorization']);
  assert.deepEqual(shown, ['Bearer jwt-1', 'Bearer jwt-2']);
  assert.deepEqual(
    browser.sockets.map(({ protocol }) => protocol),
    ['gridlock.v1', 'gridlock.v1'],
  );
  assert.doesNotMatch(browser.stored.get('gridlock')!, /jwt|session|expiresAt/);
  assert.match(browser.stored.get('gridlock')!, /"slot":/);
});
