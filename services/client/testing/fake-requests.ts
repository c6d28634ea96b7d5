import assert from 'node:assert/strict';
import type { HttpCall, HttpHandlers } from '../platform.ts';
import type { Caller } from '../transports/calls.ts';
import { FakeClock } from './fake-clock.ts';

/** A request that a test answers. */
export class FakeRequest {
  readonly path: string;
  readonly token: string | undefined;
  readonly body: Record<string, unknown>;
  isAborted = false;
  readonly #handlers: HttpHandlers;

  constructor({ path, token, body }: HttpCall, handlers: HttpHandlers) {
    this.path = path;
    this.token = token;
    this.body = JSON.parse(body) as Record<string, unknown>;
    this.#handlers = handlers;
  }

  /** The head of an answer, and a part of its body. */
  begin(status: number, text = ''): void {
    this.#handlers.onAnswer(status, undefined);
    this.say(text);
  }

  say(text: string): void {
    if (text !== '') this.#handlers.onText(text);
  }

  answer(status: number, text = '', isRefusedByServer = false): void {
    this.#handlers.onAnswer(status, isRefusedByServer ? 'gridlock.v1' : undefined);
    this.say(text);
    this.#handlers.onEnd();
  }

  fail(): void {
    this.#handlers.onEnd('The network is gone.');
  }
}

/** A network of requests that a test controls. */
export class FakeRequests {
  readonly clock = new FakeClock();
  readonly all: FakeRequest[] = [];
  readonly received: unknown[] = [];
  closed: { code: number; reason: string } | undefined;

  readonly caller: Caller = {
    clock: this.clock,
    random: () => 0.5,
    request: (call, handlers) => {
      const request = new FakeRequest(call, handlers);
      this.all.push(request);
      return { abort: () => void (request.isAborted = true) };
    },
  };

  readonly handlers = {
    onMessage: (data: unknown) => void this.received.push(data),
    onClose: (code: number, reason: string) => {
      assert.equal(this.closed, undefined, 'the end is told once');
      this.closed = { code, reason };
    },
  };

  get code(): number | undefined {
    return this.closed?.code;
  }

  /** The requests to a path. */
  to(path: string): FakeRequest[] {
    return this.all.filter((request) => request.path.split('?')[0] === path);
  }

  last(path: string): FakeRequest {
    return this.to(path).at(-1) ?? assert.fail(`nothing was asked at ${path}`);
  }
}
