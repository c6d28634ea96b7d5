import http from 'k6/http';
import { WebSocket } from 'k6/websockets';
import { SESSION_PATH, SUBPROTOCOL } from '../../services/protocol/index.ts';
import { type Plan, TICK } from './plan.ts';

const BURST_EVERY_MS = 50;
/** Ten times what a player may send: 20 messages of these in each of 20 bursts a second. */
const BURST = 20;
const AGAIN_MS = 100;
const TOO_LARGE = 'x'.repeat(64 * 1024);

/** A client that breaks every rule: it floods, sends invalid and oversized messages, and always comes back. */
export class Abuser {
  readonly #plan: Plan;
  readonly #startAt: number;
  #sent = 0;
  readonly #closes: Record<string, number> = {};

  constructor(plan: Plan, startAt: number) {
    this.#plan = plan;
    this.#startAt = startAt;
  }

  run(): void {
    const headers = { 'Content-Type': 'application/json' };
    const answer = http.post(this.#plan.url + SESSION_PATH, '{"transport":"bearer"}', { headers });
    const token = String(answer.json('token'));
    for (const [from, to] of this.#plan.abuse) {
      const end = this.#startAt + to * 1000;
      setTimeout(() => this.#attack(token, end), Math.max(0, this.#startAt + from * 1000 - Date.now()));
    }
    setTimeout(
      () => {
        // Apart from the others' figures, whose ordinary closes these are not.
        console.log(`${TICK}${JSON.stringify({ abuse: { sent: this.#sent, closes: this.#closes } })}`);
      },
      Math.max(0, this.#startAt + this.#plan.seconds * 1000 - Date.now()),
    );
  }

  #attack(token: string, end: number): void {
    if (Date.now() >= end) return;
    const socket = new WebSocket(`${this.#plan.url.replace(/^http/, 'ws')}/ws?slot=0`, null, {
      jar: new http.CookieJar(),
      headers: { 'Sec-WebSocket-Protocol': SUBPROTOCOL, Authorization: `Bearer ${token}` },
    });
    let open = true;
    let id = 0;
    const messages = [
      () => `{"type":"publish","id":"f${id++}","channel":"lobby","data":{"text":"flood"}}`,
      () => `{"type":"capture","id":"f${id++}","game":"AAAAAA","cell":0}`,
      () => '{"type":"capture"',
      () => `{"type":"ping","t":${id}}`,
    ];
    const burst = () => {
      if (!open) return;
      if (Date.now() >= end) return socket.close(1000);
      for (let index = 0; index < BURST; index++) {
        socket.send(messages[index % messages.length]!());
        this.#sent++;
      }
      if (Math.random() < 0.05) socket.send(TOO_LARGE);
      setTimeout(burst, BURST_EVERY_MS);
    };
    socket.onopen = burst;
    socket.onerror = () => undefined;
    socket.onclose = ((event?: { code?: number }) => {
      if (!open) return;
      open = false;
      const code = event?.code ?? 1006;
      this.#closes[code] = (this.#closes[code] ?? 0) + 1;
      setTimeout(() => this.#attack(token, end), AGAIN_MS);
    }) as () => void;
  }
}
