// The keys that configure traces.
import * as v from 'valibot';
import { define, ratio } from './key-definitions.ts';

/** Processes get the address and logs may show it, so it may hold no user, no query and no fragment. */
const isCollector = (text: string): boolean => {
  const url = /[\s"'\\@?#]/.test(text) ? null : URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.hostname !== '';
};

export const TRACE_KEYS = Object.freeze({
  tracesEndpoint: define({
    schema: v.pipe(
      v.string(),
      v.check((text) => text === '' || isCollector(text)),
    ),
    default: '',
    allowed: 'an http or https URL such as http://127.0.0.1:4318, without a user or a query',
    help: 'collector that receives traces by OTLP over HTTP; empty: traces are off',
  }),
  tracesSampleRatio: ratio(0.01, 'with tracesEndpoint: the fraction of handshakes, and of commands, that is traced'),
});
