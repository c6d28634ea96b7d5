import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { freePort, freePorts } from './ports.ts';

const MODULE = path.join(import.meta.dirname, 'ports.ts');

/** The ports that a process gets; it runs until `end`, so that processes overlap. */
async function portsOfProcess(count: number): Promise<{ ports: number[]; end(): Promise<void> }> {
  const code = `import { freePorts } from ${JSON.stringify(MODULE)};
    console.log(JSON.stringify(await freePorts(${count})));
    process.stdin.resume();`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const end = async () => {
    const ended = once(child, 'exit');
    child.stdin.end();
    await ended;
  };
  return { ports: JSON.parse(String(line)) as number[], end };
}

test('no port is given twice, however many are requested at once', async () => {
  const ports = (await Promise.all([freePorts(30), freePorts(30), freePort(), freePort()])).flat();
  assert.equal(new Set(ports).size, 62);
});

test('a port that is in use is not given', async () => {
  const [first] = (await freePorts(1)) as [number];
  const next = createServer().listen(first + 1, '127.0.0.1');
  try {
    await once(next, 'listening');
    assert.notEqual(await freePort(), first + 1);
  } finally {
    next.close();
  }
});

test('processes that run side by side get different ports', async () => {
  const children = await Promise.all(Array.from({ length: 4 }, () => portsOfProcess(60)));
  const ports = children.flatMap((child) => child.ports);
  await Promise.all(children.map((child) => child.end()));
  assert.equal(new Set(ports).size, 240);
});

test('a claimed block does not keep the process alive', async () => {
  const code = `import { freePort } from ${JSON.stringify(MODULE)}; console.log(await freePort());`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.match(await text(child.stdout), /^\d+\n$/);
});
