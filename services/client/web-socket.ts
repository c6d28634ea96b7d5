import type { Socket, SocketHandlers } from './platform.ts';

/** The part of the standard `WebSocket` that is used here: browsers, Node's `ws` and k6 have it. */
export interface WebSocketLike {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Makes a `Socket` of a standard WebSocket. */
export function adaptWebSocket(webSocket: WebSocketLike, handlers: SocketHandlers): Socket {
  let told = false;
  webSocket.onmessage = (event) => handlers.onMessage(event.data);
  // A close event always follows, and says more.
  webSocket.onerror = () => {};
  webSocket.onclose = (event) => {
    if (told) return;
    told = true;
    handlers.onClose(event.code, event.reason);
  };
  return {
    send: (text) => webSocket.send(text),
    close: (code, reason) => {
      told = true;
      webSocket.close(code, reason);
    },
  };
}
