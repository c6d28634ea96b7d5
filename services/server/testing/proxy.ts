import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TestProxy {
  readonly port: number;
  /** Connections that stand now pass nothing on any more and stay open; new ones work. */
  freeze(): void;
  /** Keeps back what clients send once a piece of it that contains `text` has passed, until the result is called. */
  holdAfter(text: string): { readonly isHolding: () => boolean; readonly held: () => number; release(): void };
  /** Keeps back what the server answers until the result is called. */
  holdAnswers(): () => void;
  /** Resets every connection that stands, and each new one until it is told otherwise. */
  isolate(isIsolated: boolean): void;
  stop(): Promise<void>;
}

/** A TCP proxy to a port of this machine, to break connections in ways a server does not. */
export async function startProxy(target: number): Promise<TestProxy> {
  const pairs = new Set<[Socket, Socket]>();
  const frozen = new Set<[Socket, Socket]>();
  let trigger: string | undefined;
  let held: (() => void)[] | undefined;
  let answers: (() => void)[] | undefined;
  let isolated = false;
  const server = createServer((inward) => {
    if (isolated) return void inward.on('error', () => undefined).resetAndDestroy();
    const outward = connect(target, '127.0.0.1');
    const pair: [Socket, Socket] = [inward, outward];
    pairs.add(pair);
    inward.on('data', (piece: Buffer) => {
      if (!pairs.has(pair)) return;
      if (held) return void held.push(() => outward.write(piece));
      outward.write(piece);
      if (trigger !== undefined && piece.includes(trigger)) held = [];
    });
    inward.on('end', () => outward.end());
    outward.on('data', (piece: Buffer) => {
      if (!pairs.has(pair)) return;
      if (answers) return void answers.push(() => inward.write(piece));
      inward.write(piece);
    });
    outward.on('end', () => inward.end());
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        for (const either of pair) either.destroy();
        pairs.delete(pair);
        frozen.delete(pair);
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    freeze: () => {
      for (const pair of pairs) {
        const [inward, outward] = pair;
        // Read on, so that only the silence is noticed.
        inward.resume();
        outward.resume();
        pairs.delete(pair);
        frozen.add(pair);
      }
    },
    holdAfter: (text) => {
      trigger = text;
      return {
        isHolding: () => held !== undefined,
        held: () => held?.length ?? 0,
        release: () => {
          const late = held ?? [];
          [trigger, held] = [undefined, undefined];
          for (const send of late) send();
        },
      };
    },
    holdAnswers: () => {
      answers = [];
      return () => {
        const late = answers ?? [];
        answers = undefined;
        for (const send of late) send();
      };
    },
    isolate: (isIsolated) => {
      isolated = isIsolated;
      if (isolated) for (const pair of [...pairs, ...frozen]) for (const socket of pair) socket.destroy();
    },
    stop: async () => {
      for (const pair of [...pairs, ...frozen]) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
