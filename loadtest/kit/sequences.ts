import type { ClientHistory, Received, Violation } from './history.ts';

export interface WireFault {
  readonly fault: 'gap' | 'duplicate';
  readonly detail: string;
}

/** Where the sequence numbers that one client applied do not follow each other within an epoch. */
export function sequenceFaults({ player, observed }: ClientHistory): Violation[] {
  const faults: Violation[] = [];
  const last = new Map<string, { epoch: string; seq: number }>();
  for (const { kind, game, epoch, seq } of observed) {
    const before = last.get(game);
    if (kind === 'event') {
      const expected = before?.epoch === epoch ? before.seq + 1 : 1;
      const detail = `game ${game} epoch ${epoch}: seq ${seq} where ${expected} was due`;
      if (seq > expected) faults.push({ fault: 'gap', player, detail });
      if (seq < expected) faults.push({ fault: 'duplicate', player, detail });
    } else if (before?.epoch === epoch && seq < before.seq) {
      faults.push({ fault: 'duplicate', player, detail: `game ${game}: a snapshot of seq ${seq} after ${before.seq}` });
    }
    last.set(game, { epoch, seq });
  }
  return faults;
}

/**
 * The faults in the events on the sockets of one client, before the client corrects any. On each socket the events of a
 * game must follow each other, from the client's place or from a snapshot.
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
