import * as v from 'valibot';
import { SUBPROTOCOL } from '../../protocol/index.ts';
import type { Clock, Timer } from '../clock.ts';
import type { HttpAnswer, HttpCall, HttpHandlers, Platform } from '../platform.ts';

/** The part of the platform that a connection over requests needs. */
export interface Caller {
  readonly clock: Clock;
  readonly random: () => number;
  request(call: HttpCall, handlers: HttpHandlers): { abort(): void };
}

/** That part of the platform; undefined if it has none. */
export function callerOf({ clock, random, request }: Platform): Caller | undefined {
  return request && { clock, random, request };
}

/** How often a request without an answer is repeated before the connection is given up. */
const REPEATS = 3;
const REPEAT_MS = 250;
/** Longer than any poll is held. */
const ANSWER_MS = 40_000;
/** Answers of a proxy: the request may have arrived or not. */
const UNSURE: ReadonlySet<number> = new Set([408, 502, 503, 504]);
/** The close codes for the statuses of refusals. */
const CODE_OF_STATUS: Readonly<Record<number, number>> = { 401: 4401, 403: 1008, 429: 1013, 503: 1013 };

/**
 * The close code for a refusal. A 403 or 503 of a proxy says nothing about the server; a 401 is worth a new token,
 * from the server or a proxy.
 */
export function codeOfRefusal(status: number, refusedBy: string | undefined): number {
  if (refusedBy !== SUBPROTOCOL && status !== 401) return 1006;
  return CODE_OF_STATUS[status] ?? 1006;
}

/**
 * Sends the requests of a connection one after the other, and repeats a request whose answer was lost, if that is safe.
 */
export class Calls {
  readonly #caller: Caller;
  #call: { abort(): void } | undefined;
  #timer: Timer;
  #stopped = false;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** `onAnswer` is given the answer, or undefined when there was none after `repeats` more attempts. */
  ask(call: HttpCall, onAnswer: (answer: HttpAnswer | undefined) => void, repeats = REPEATS): void {
    if (this.#stopped) return;
    const { clock, random, request } = this.#caller;
    let answer: HttpAnswer | undefined;
    let text = '';
    let isOver = false;
    const finish = (ended: boolean) => {
      if (isOver || this.#stopped) return;
      isOver = true;
      clock.clearTimeout(this.#timer);
      const isSure = ended && answer !== undefined && !UNSURE.has(answer.status);
      if (isSure || repeats === 0) return onAnswer(ended && answer ? { ...answer, text } : undefined);
      const waitMs = REPEAT_MS * 2 ** (REPEATS - repeats) * (0.5 + random() / 2);
      this.#timer = clock.setTimeout(() => this.ask(call, onAnswer, repeats - 1), waitMs);
    };
    this.#timer = clock.setTimeout(() => {
      this.#call?.abort();
      finish(false);
    }, ANSWER_MS);
    this.#call = request(call, {
      onAnswer: (status, refusedBy) => (answer = { status, refusedBy, text: '' }),
      onText: (piece) => (text += piece),
      onEnd: (error) => finish(error === undefined),
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#caller.clock.clearTimeout(this.#timer);
    this.#call?.abort();
  }
}

/** JSON that matches the schema; undefined otherwise. */
export function parsedAs<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | undefined {
  try {
    const parsed = v.safeParse(schema, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** The query of a socket's address, which all requests of its connection carry: the edge may choose by it. */
export function queryOf(path: string): string {
  const start = path.indexOf('?');
  return start < 0 ? '' : path.slice(start);
}
