import { once } from 'node:events';
import { request } from 'node:https';
import { isIP } from 'node:net';

/** `fetch` that trusts one root alone, each time on a new connection. */
export const trustingFetch = (ca: string) =>
  (async (url: string, init: RequestInit = {}) => {
    const { hostname } = new URL(url);
    const call = request(url, {
      method: init.method ?? 'GET',
      headers: {
        ...(init.headers as Record<string, string>),
        'content-length': Buffer.byteLength(`${init.body ?? ''}`),
      },
      ca,
      agent: false,
      // Whatever the header Host says.
      servername: isIP(hostname) === 0 ? hostname : '',
    });
    call.end(init.body);
    const [response] = await once(call, 'response');
    let text = '';
    for await (const part of response) text += part;
    const headers = new Headers(response.headers as Record<string, string>);
    return new Response(response.statusCode === 204 ? null : text, { status: response.statusCode, headers });
  }) as typeof fetch;
