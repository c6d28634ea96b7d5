/**
 * Stable codes of `error` messages. `retry` says whether the same request may succeed later without being changed:
 * a client resends such a request with the same id.
 */
export const ERROR_CODES = {
  bad_json: { retry: false, meaning: 'The frame was not JSON.' },
  bad_message: { retry: false, meaning: 'A field was missing, of the wrong type or out of range.' },
  unknown_type: { retry: false, meaning: 'The message type is not one a client may send.' },
  rate_limited: { retry: true, meaning: 'Too many messages, bytes, lines or games; wait `retryAfterMs`.' },
  unavailable: {
    retry: true,
    meaning: 'The store did not answer; whether it was applied is unknown: repeat with the same id.',
  },
  internal: { retry: true, meaning: 'The server failed at something unforeseen.' },
  draining: { retry: true, meaning: 'This replica is going away; repeat on the next connection.' },
  too_many_games: { retry: false, meaning: 'The connection is in `gamesPerConnection` games already.' },
  cluster_full: { retry: true, meaning: 'There are as many games as the cluster has room for; wait `retryAfterMs`.' },
  game_not_found: { retry: false, meaning: 'No game has this code, or it ended long ago.' },
  game_full: { retry: false, meaning: 'All seats are taken.' },
  game_not_active: { retry: false, meaning: 'The game has not begun yet.' },
  game_over: { retry: false, meaning: 'The game has ended.' },
  not_a_player: { retry: false, meaning: 'Only who is in the game may do or see this.' },
  cell_taken: { retry: false, meaning: 'Somebody captured the cell first.' },
  cell_out_of_range: { retry: false, meaning: 'The board has no such cell.' },
  unauthorized: { retry: false, meaning: "The token is expired, forged, revoked or not this player's." },
  superseded: { retry: false, meaning: 'A newer connection of the same player acts now.' },
  not_subscribed: { retry: false, meaning: 'Subscribe to the channel first.' },
  id_reused: { retry: false, meaning: 'The id was used for a different request before.' },
} as const satisfies Record<string, { retry: boolean; meaning: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;
