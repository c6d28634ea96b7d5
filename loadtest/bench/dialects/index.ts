import type { DialectFactory } from '../generator/parties.ts';
import { centrifugo } from './centrifugo.ts';
import { colyseus } from './colyseus.ts';
import { gridlock } from './gridlock.ts';
import { bare, naive } from './naive.ts';
import { socketIo } from './socket-io.ts';

export const DIALECTS = { gridlock, naive, bare, socketIo, colyseus, centrifugo } satisfies Record<
  string,
  DialectFactory
>;
export type DialectName = keyof typeof DIALECTS;
