import type { GameAuthority } from '../authority/game-authority.ts';
import type { GameClock } from '../cluster/clock.ts';
import type { History } from '../history/feed.ts';
import type { FeedSet } from '../history/feeds.ts';
import type { Census } from './game-quota.ts';

export interface GameHistoryParts {
  readonly authority: GameAuthority;
  readonly feeds: FeedSet;
  readonly gameClock: GameClock;
  readonly census: Pick<Census, 'closed'>;
}

/** The events of a game as a feed follows them. Its start arms the clock, and its end ends the feed. */
export function gameHistory(game: string, { authority, feeds, gameClock, census }: GameHistoryParts): History {
  const channel = authority.channel(game);
  return {
    channel,
    type: 'event',
    after: (position) => authority.entriesAfter(game, position),
    position: () => authority.position(game),
    renew: (epoch) => authority.renew(game, epoch),
    delivered: ({ text }) => {
      // By far the most, and nothing is to be done: spare the parsing. Quotes in names are escaped.
      if (text.includes('"kind":"captured"')) return;
      const { event } = JSON.parse(text) as { event: { kind: string; endsAt: number } };
      if (event.kind === 'started') gameClock.arm(game, event.endsAt);
      if (event.kind === 'finished') {
        gameClock.disarm(game);
        census.closed(game);
        feeds.end(channel);
      }
    },
  };
}
