// Clients of Engine.IO, the protocol below Socket.IO, that use only long polling.
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';

const PATH = '/socket.io/?EIO=4&transport=polling';
const RETRY_MS = 250;
const SEPARATOR = '\x1e';
/** Packet types. */
const [OPEN, CLOSE, PING, PONG, CONNECT] = ['0', '1', '2', '3', '40'];

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly cookie: string | undefined;
}

export interface PollingTarget {
  readonly url: string;
  readonly ca: string;
}

/** Counts the sessions of several clients. */
export interface Sessions {
  opened: number;
  /** Sessions that ended with a close packet, or with the answer that the session no longer exists. */
  announced: number;
  /** Requests that got no answer, or an error from the edge. */
  failed: string[];
}

/** One client. Like Socket.IO's own client, it opens a new session when one ends. */
export class PollingClient {
  readonly #target: PollingTarget;
  readonly #sessions: Sessions;
  readonly #agent = new https.Agent({ keepAlive: true });
  #cookie: string | undefined;
  #sid = '';
  #over = false;
  #running: Promise<void> = Promise.resolve();

  constructor(target: PollingTarget, sessions: Sessions) {
    this.#target = target;
    this.#sessions = sessions;
  }

  get isOpen(): boolean {
    return this.#sid !== '';
  }

  /** Resolves once the first session is open, and polls until `close`. @throws if no session opens */
  async open(): Promise<void> {
    await this.#begin();
    this.#running = this.#goOn();
  }

  async close(): Promise<void> {
    this.#over = true;
    this.#agent.destroy();
    await this.#running;
  }

  async #goOn(): Promise<void> {
    while (!this.#over) {
      try {
        if (this.#sid === '') await this.#begin();
        else await this.#poll();
      } catch (error) {
        if (this.#over) return;
        this.#sid = '';
        this.#sessions.failed.push((error as Error).message);
        await delay(RETRY_MS);
      }
    }
  }

  async #begin(): Promise<void> {
    const { status, text, cookie } = await this.#ask('GET', PATH);
    if (status !== 200 || !text.startsWith(OPEN!)) throw new Error(`HTTP ${status} to a handshake`);
    this.#cookie = cookie ?? this.#cookie;
    const { sid } = JSON.parse(text.slice(1)) as { sid: string };
    if (await this.#send(sid, CONNECT!)) {
      this.#sid = sid;
      this.#sessions.opened += 1;
    }
  }

  /** Whether the session still exists. */
  async #send(sid: string, packet: string): Promise<boolean> {
    const { status } = await this.#ask('POST', `${PATH}&sid=${sid}`, packet);
    return this.#isGoingOn(status);
  }

  async #poll(): Promise<void> {
    const { status, text } = await this.#ask('GET', `${PATH}&sid=${this.#sid}`);
    if (!this.#isGoingOn(status)) return;
    const packets = text.split(SEPARATOR);
    if (packets.includes(PING!)) await this.#send(this.#sid, PONG!);
    if (packets.some((packet) => packet === CLOSE || packet === '41')) this.#ended();
  }

  /** A copy answers 400 if it does not know the session. @throws for an error from the edge */
  #isGoingOn(status: number): boolean {
    if (status === 200) return true;
    if (status !== 400) throw new Error(`HTTP ${status}`);
    this.#ended();
    return false;
  }

  #ended(): void {
    if (this.#sid !== '') this.#sessions.announced += 1;
    this.#sid = '';
  }

  #ask(method: string, path: string, body?: string): Promise<Answer> {
    const { url, ca } = this.#target;
    return new Promise((resolve, reject) => {
      const headers = this.#cookie === undefined ? {} : { cookie: this.#cookie };
      const request = https.request(new URL(path, url), { method, ca, agent: this.#agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => {
          const cookie = response.headers['set-cookie']?.[0]?.split(';')[0];
          resolve({ status: response.statusCode ?? 0, text, cookie });
        });
        response.on('error', reject);
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}
