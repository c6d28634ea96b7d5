import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fastify } from 'fastify';
import * as v from 'valibot';
import { ERROR_CODES } from '../../protocol/index.ts';
import type { Replica } from '../replica.ts';
import { type ApiAnswer, Backend, KeysFile, newKey, newsApp } from '../testing/backend.ts';
import { startRedis, type TestRedis } from '../testing/redis.ts';
import { startTestReplica } from '../testing/replica.ts';
import { OPENAPI } from './api-counters.ts';
import { API_PATH, addBackendApi } from './backend-api.ts';
import { HTTP_CODES, statusOf } from './problem.ts';
import { CommandBody, CreateBody, PublishBody } from './request-schemas.ts';

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: object }>>;
  readonly security?: readonly unknown[];
}
type PathItem = Readonly<Record<string, Operation>>;
interface Description {
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, { readonly content?: object }>>>>;
}

const text = readFileSync(OPENAPI, 'utf8');
const description = JSON.parse(text) as Description;
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

// A dependency of fastify, which uses it to validate.
const { default: Ajv } = createRequire(import.meta.resolve('fastify'))('ajv/dist/2020.js') as {
  default: new (
    options: object,
  ) => {
    addSchema(schema: object, key: string): void;
    validate(schema: object, value: unknown): boolean;
    errorsText(): string;
  };
};
const ajv = new Ajv({ strict: false });
ajv.addSchema({ $id: 'api', ...description }, 'api');
const schemaOf = (name: string) => ({ $ref: `api#/components/schemas/${name}` });

/** The operation of a method and a path with its parameters. */
function operationOf(method: string, place: string): Operation {
  const path = place.split('?')[0]!;
  const found = Object.entries(description.paths).find(([template, item]) => {
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, '[^/]+')}$`);
    return pattern.test(path) && item[method.toLowerCase()];
  });
  assert.ok(found, `${method} ${place} is described`);
  return found[1][method.toLowerCase()]!;
}

const documented = () =>
  Object.entries(description.paths)
    .flatMap(([path, item]) => METHODS.filter((method) => item[method]).map((method) => `${method} ${path}`))
    .sort();

let redis: TestRedis;
let replica: Replica;
let keysFile: KeysFile;
let backend: Backend;
before(async () => {
  const key = newKey();
  keysFile = new KeysFile(`shop:${key}`);
  redis = await startRedis();
  replica = await startTestReplica(redis.url, '1111', { apiKeysFile: keysFile.path }, newsApp);
  backend = new Backend(replica.url, key);
});
after(async () => {
  await replica?.drain();
  await redis?.stop();
  keysFile?.remove();
});

test('every route of the server is described, and every described route exists', async () => {
  const routes: string[] = [];
  const app = fastify();
  app.addHook('onRoute', ({ method, url }) => {
    const path = url.slice(API_PATH.length).replace(/:(\w+)/g, '{$1}');
    for (const one of [method].flat()) routes.push(`${one.toLowerCase()} ${path}`);
  });
  await addBackendApi(app, {} as never);
  assert.deepEqual(routes.sort(), documented());
  await app.close();
});

test('the server serves the checked-in description to anybody', async () => {
  const response = await fetch(`${replica.url}${API_PATH}/openapi.json`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type')!, /^application\/json/);
  assert.equal(await response.text(), text);
  const open = Object.values(description.paths).flatMap((item) =>
    METHODS.flatMap((method) => (item[method]?.security?.length === 0 ? [item[method].operationId] : [])),
  );
  assert.deepEqual(open, ['describe']);
});

/** Checks an answer against the description of its status. */
function judge(method: string, place: string, { status, body }: ApiAnswer): string {
  const { responses, operationId } = operationOf(method, place);
  const said = responses[status];
  assert.ok(said, `${operationId} may answer ${status}: ${JSON.stringify(body)}`);
  const name = said.$ref?.split('/').at(-1);
  const { content } = name === undefined ? said : description.components['responses']![name]!;
  if (content === undefined) assert.equal(body, undefined);
  else {
    const { schema } = (content as Record<string, { schema: { $ref?: string } }>)['application/json']!;
    const resolved = schema.$ref === undefined ? schema : { $ref: `api${schema.$ref}` };
    assert.ok(ajv.validate(resolved, body), `${operationId} ${status}: ${ajv.errorsText()} in ${JSON.stringify(body)}`);
  }
  return `${operationId} ${status}`;
}

test('the answers of the server match the description', async () => {
  const seen = new Set<string>();
  const ask = async (who: Backend, method: string, place: string, body?: unknown, id?: string) => {
    const answer = await who.call(method, place, { ...(body === undefined ? {} : { body }), ...(id ? { id } : {}) });
    seen.add(judge(method, place, answer));
    return answer;
  };
  const made = await ask(backend, 'POST', '/rooms', { player: { id: 'ada', name: 'Ada' } }, 'one');
  await ask(backend, 'POST', '/rooms', { player: { id: 'bob', name: 'Bob' } }, 'one');
  const room = `/rooms/${made.body.room}`;
  const command = { player: 'ada', command: { kind: 'add', times: 2 } };
  for (const id of ['two', 'two']) await ask(backend, 'POST', `${room}/commands`, command, id);
  await ask(backend, 'POST', `${room}/commands`, { ...command, player: 'eve' }, 'three');
  await ask(backend, 'POST', `${room}/commands`, { player: 'ada', command: { kind: 'reset' } }, 'two');
  await ask(backend, 'POST', `${room}/commands`, 'x'.repeat(9000), 'four');
  await ask(backend, 'POST', '/rooms/ZZZZZZ/commands', command, 'five');
  for (const place of [room, `${room}/events`, '/rooms', '/openapi.json', '/rooms/ZZZZZZ', '/rooms/ZZZZZZ/events'])
    await ask(backend, 'GET', place);
  for (const place of ['/rooms/x', '/rooms?limit=0', '/rooms?cursor=abc', `${room}/events?after=x`])
    await ask(backend, 'GET', place);
  const news = { player: { id: 'ada', name: 'Ada' }, data: { text: 'hello' } };
  for (const [channel, data, id] of [
    ['news:today', { text: 'hello' }, 'six'],
    ['news:today', { text: 'other' }, 'six'],
    ['news:today', { text: 1 }, 'seven'],
    ['weather', { text: 'hello' }, 'eight'],
  ] as const)
    await ask(backend, 'POST', `/channels/${channel}/messages`, { ...news, data }, id);
  await ask(backend, 'DELETE', '/players/ada/connections');
  await ask(backend, 'DELETE', '/players/ada/connections?revoke=1');
  const stranger = new Backend(replica.url);
  for (const [method, place] of [
    ['GET', '/rooms'],
    ['POST', '/rooms'],
    ['GET', room],
    ['GET', `${room}/events`],
    ['POST', `${room}/commands`],
    ['POST', '/channels/news:today/messages'],
    ['DELETE', '/players/ada/connections'],
  ] as const)
    await ask(stranger, method, place);
  assert.ok(seen.size >= 29, [...seen].sort().join(', '));
});

test('the server accepts exactly the bodies that the description allows', () => {
  const bodies: unknown[] = [
    { player: { id: 'ada', name: 'Ada' } },
    { player: { id: 'ada', name: 'Ada' }, settings: { step: 2 } },
    { player: { id: 'ada' } },
    { player: { id: 'a b', name: 'Ada' } },
    { player: { id: 'ada', name: '' } },
    { player: { id: 'ada', name: 'Ada', more: 1 } },
    { player: { id: 'ada', name: 'Ada' }, settings: [] },
    { player: { id: 'ada', name: 'Ada' }, settings: null },
    { player: { id: 'ada', name: 'Ada' }, data: { text: 'hello' } },
    { player: { id: 'ada', name: 'Ada' }, data: null },
    { player: 'ada', command: { kind: 'add', times: 1 } },
    { player: 'ada', command: { times: 1 } },
    { player: 'ada', command: 'add' },
    { player: 'ada' },
    { player: 'ada', command: { kind: 'add' }, id: 'x' },
    [],
    null,
    'text',
  ];
  for (const [name, schema] of [
    ['CreateRoom', CreateBody],
    ['SendCommand', CommandBody],
    ['Publish', PublishBody],
  ] as const) {
    const verdicts = bodies.map((body) => v.is(schema, body));
    assert.ok(verdicts.includes(true) && verdicts.includes(false));
    for (const [index, body] of bodies.entries())
      assert.equal(ajv.validate(schemaOf(name), body), verdicts[index], `${name} ${JSON.stringify(body)}`);
  }
});

test('every code of a refusal has a status, and the statuses of problems are described', () => {
  const statuses = new Set(
    Object.values(description.paths).flatMap((item) =>
      METHODS.flatMap((method) => Object.keys(item[method]?.responses ?? {})),
    ),
  );
  for (const code of Object.keys(ERROR_CODES)) assert.ok(statuses.has(String(statusOf(code))), code);
  for (const status of Object.values(HTTP_CODES)) assert.ok(statuses.has(String(status)), String(status));
  assert.equal(statusOf('cell_taken'), 409);
});
