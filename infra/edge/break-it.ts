// Routes requests to break a part of the cluster on purpose to the supervisor, and decides which of them get through.
import { BREAK_FROM_HEADER, BREAK_PATH, BREAK_STATUS } from '../../services/protocol/break-it.ts';
import type { EdgeOptions } from './options.ts';
import { type Condition, errorReply, quote, type RequestRule, refuse } from './rules.ts';
import { section } from './syntax.ts';

type BreakIt = NonNullable<EdgeOptions['breakIt']>;

export const BREAK_CONDITIONS: readonly Condition[] = [
  { name: 'is_break', criterion: 'path_beg', value: BREAK_PATH },
  { name: 'is_from_here', criterion: 'src', value: '127.0.0.0/8 ::1' },
];

/** Headers that a proxy adds: behind a proxy on this machine, the client may be anywhere. */
const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

/** Must be applied before the headers of proxies are removed. */
export const breakMarks: readonly RequestRule[] = [
  { action: 'del-header', name: BREAK_FROM_HEADER },
  {
    action: 'set-header',
    name: BREAK_FROM_HEADER,
    value: 'loopback',
    when: {
      if: `is_break is_from_here ${PROXY_HEADERS.map((name) => `!{ req.hdr(${name}) -m found }`).join(' ')}`,
    },
  },
];

const MAY_NOT = `is_break !{ req.hdr(${BREAK_FROM_HEADER}) -m found } !{ req.hdr(authorization) -m found }`;

/** A request from elsewhere without a key does not get through. The supervisor checks the key. */
export function breakRefusals({ takesKey }: BreakIt): readonly RequestRule[] {
  const status = JSON.stringify({ available: false, ...(takesKey ? { needsKey: true } : {}) });
  const remedy = takesKey ? "come from this machine, or send the operator's key" : 'come from this machine';
  return [
    {
      action: 'return',
      reply: {
        status: 200,
        contentType: 'application/json',
        body: { format: 'string', content: quote(status) },
        headers: [['Cache-Control', 'no-store']],
      },
      when: { if: `${MAY_NOT} { path ${BREAK_STATUS} }` },
    },
    refuse(
      'internal_path',
      errorReply(403, 'not_allowed', `Nobody may break anything from there: ${remedy}.`),
      MAY_NOT,
    ),
  ];
}

export const breakBackend = ({ socket }: BreakIt): string =>
  section('backend break', [`server supervisor ${quote(`unix@${socket}`)}`]);
