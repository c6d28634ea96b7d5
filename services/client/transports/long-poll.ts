import { POLL_PATH, PollHead, type PollRequest } from '../../protocol/index.ts';
import type { HttpAnswer, Socket, SocketHandlers, SocketTarget } from '../platform.ts';
import { type Caller, Calls, codeOfRefusal, parsedAs, queryOf } from './calls.ts';
import { Sender } from './sender.ts';

/** A connection of requests that the server holds until it has a message, and of posted requests the other way. */
export function openLongPoll(caller: Caller, target: SocketTarget, handlers: SocketHandlers): Socket {
  const { path, token } = target;
  const query = queryOf(path);
  const polls = new Calls(caller);
  let told = false;
  let connection: string | undefined;
  /** The last frame that arrived. */
  let cursor = 0;
  const end = (code: number, reason: string) => {
    if (told) return;
    told = true;
    polls.stop();
    sender.stop();
    handlers.onClose(code, reason);
  };
  const sender = new Sender(caller, query, token, end);

  const poll = () => {
    const body: PollRequest = connection === undefined ? {} : { connection, cursor };
    // A request that opens a connection is not repeated: the first one may have succeeded.
    const repeats = connection === undefined ? 0 : undefined;
    polls.ask({ path: `${POLL_PATH}${query}`, token, body: JSON.stringify(body) }, take, repeats);
  };
  const take = (answer: HttpAnswer | undefined) => {
    if (told) return;
    if (!answer) return end(1006, 'The server did not answer.');
    const { status, refusedBy, text } = answer;
    if (status !== 200) return end(codeOfRefusal(status, refusedBy), `The server answered ${status} to a poll.`);
    const [first = '', ...frames] = text.split('\n').filter(Boolean);
    const head = parsedAs(PollHead, first);
    if (!head) return end(1006, 'The answer is not from a server of this protocol.');
    if (connection === undefined) sender.start((connection = head.connection));
    let number = head.cursor - frames.length;
    if (number > cursor) return end(1006, `Frame ${number + 1} arrived where frame ${cursor + 1} was expected.`);
    for (const frame of frames) {
      number += 1;
      if (number <= cursor) continue;
      cursor = number;
      handlers.onMessage(frame);
      // The handler of the message may have closed the connection.
      if (told) return;
    }
    if (head.close) return end(head.close.code, head.close.reason);
    poll();
  };
  poll();
  return {
    send: (text) => sender.send(text),
    close: () => {
      if (told) return;
      told = true;
      polls.stop();
      sender.close();
    },
  };
}
