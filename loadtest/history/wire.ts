/** One thing of a game's history that came over a socket, in the order it came. */
export type Received =
  /** A new socket, and how far the client knew each game when it was welcomed: from there on it asks. */
  | { kind: 'welcome'; known: readonly { game: string; epoch: string; seq: number }[] }
  | { kind: 'event' | 'snapshot'; game: string; epoch: string; seq: number };

export interface WireFault {
  readonly fault: 'gap' | 'duplicate';
  readonly detail: string;
}

/**
 * What is wrong with what came over the sockets of one client, before it put anything right by itself: on each socket
 * the events of a game follow each other, from where the client stood or from a snapshot.
 */
export function wireFaults(received: readonly Received[]): WireFault[] {
  const faults: WireFault[] = [];
  let last = new Map<string, { epoch: string; seq: number }>();
  for (const item of received) {
    if (item.kind === 'welcome') {
      last = new Map(item.known.map(({ game, epoch, seq }) => [game, { epoch, seq }]));
      continue;
    }
    const { kind, game, epoch, seq } = item;
    const before = last.get(game);
    if (kind === 'event') {
      const expected = before?.epoch === epoch ? before.seq + 1 : 1;
      const detail = `game ${game} epoch ${epoch}: seq ${seq} came over the socket where ${expected} was due`;
      if (seq > expected) faults.push({ fault: 'gap', detail });
      if (seq < expected) faults.push({ fault: 'duplicate', detail });
    }
    last.set(game, { epoch, seq });
  }
  return faults;
}
