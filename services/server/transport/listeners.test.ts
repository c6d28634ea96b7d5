import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { listenLocally } from './listeners.ts';

test('an HTTP server answers on a UNIX socket that only its user may use, whatever was left at its place', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'gridlock-socket-'));
  const socketPath = path.join(directory, 'ws.sock');
  writeFileSync(socketPath, 'left behind');
  const http = createServer((_request, response) => response.end('here'));
  const server = await listenLocally(http, socketPath);
  try {
    const [response] = (await once(get({ socketPath, path: '/', agent: false }), 'response')) as [
      AsyncIterable<Buffer>,
    ];
    let body = '';
    for await (const chunk of response) body += String(chunk);
    assert.equal(body, 'here');
    assert.equal(statSync(socketPath).mode & 0o777, 0o600);
  } finally {
    server.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
