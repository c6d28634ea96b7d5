import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Api, type ApiOptions } from './api.ts';
import { GROUP } from './discovery.ts';
import { quantity } from './metric-values.ts';

const PODS = `/apis/${GROUP}/v1beta2/namespaces/gridlock/pods`;
const targets = ['game-a', 'game-b'].map((pod) => ({ pod, url: `http://${pod}/metrics` }));

function apiWith(options: Partial<ApiOptions> = {}) {
  const asked: string[] = [];
  const unread: string[] = [];
  const api = new Api({
    namespace: 'gridlock',
    targets: async (selector) => {
      asked.push(selector);
      return targets;
    },
    read: async ({ pod }) => (pod === 'game-a' ? 7 : 12),
    onUnread: (pod) => unread.push(pod),
    now: () => new Date('2026-03-04T05:06:07.890Z'),
    ...options,
  });
  return { api, asked, unread };
}
const message = (body: object) => (body as { message: string }).message;

test('the sockets of each pod that matches the selector, as the autoscaler reads them', async () => {
  const { api, asked } = apiWith();
  const { code, body } = await api.answer('GET', `${PODS}/*/gridlock_sockets?labelSelector=app%3Dgame%2Ctier%3Dfront`);
  assert.equal(code, 200);
  assert.deepEqual(asked, ['app=game,tier=front']);
  const item = (name: string, value: string) => ({
    describedObject: { kind: 'Pod', namespace: 'gridlock', name, apiVersion: '/v1' },
    metric: { name: 'gridlock_sockets', selector: null },
    timestamp: '2026-03-04T05:06:07Z',
    value,
  });
  assert.deepEqual(body, {
    kind: 'MetricValueList',
    apiVersion: `${GROUP}/v1beta2`,
    metadata: {},
    items: [item('game-a', '7'), item('game-b', '12')],
  });
});

test('the older version names the metric by a word', async () => {
  const { body } = await apiWith().api.answer('GET', `${PODS.replace('v1beta2', 'v1beta1')}/game-b/gridlock_sockets`);
  const { apiVersion, items } = body as { apiVersion: string; items: Record<string, unknown>[] };
  assert.equal(apiVersion, `${GROUP}/v1beta1`);
  assert.deepEqual(
    items.map(({ metricName, value, metric }) => [metricName, value, metric]),
    [['gridlock_sockets', '12', undefined]],
  );
});

test('a pod that does not answer is left out and told of; when none does there is no answer', async () => {
  const one = apiWith({
    read: async ({ pod }) => (pod === 'game-a' ? 7 : Promise.reject(new Error('silent'))),
  });
  const { body } = await one.api.answer('GET', `${PODS}/*/gridlock_sockets`);
  assert.equal((body as { items: object[] }).items.length, 1);
  assert.deepEqual(one.unread, ['game-b']);
  const none = await apiWith({ read: () => Promise.reject(new Error('silent')) }).api.answer(
    'GET',
    `${PODS}/*/gridlock_sockets`,
  );
  assert.equal(none.code, 503);
  assert.match(message(none.body), /None of 2 pods told/);
});

test('no pods are no values', async () => {
  const { code, body } = await apiWith({ targets: async () => [] }).api.answer('GET', `${PODS}/*/gridlock_sockets`);
  assert.deepEqual([code, (body as { items: object[] }).items], [200, []]);
});

for (const [what, path, code, sentence] of [
  [
    'another namespace',
    `${PODS.replace('/gridlock/', '/default/')}/*/gridlock_sockets`,
    404,
    /of the namespace gridlock, not of default/,
  ],
  ['another metric', `${PODS}/*/secrets`, 404, /no metric secrets of pods/],
  ['a pod that is not there', `${PODS}/game-z/gridlock_sockets`, 404, /No pod game-z runs/],
  [
    'another kind of object',
    `/apis/${GROUP}/v1beta2/namespaces/gridlock/services/x/gridlock_sockets`,
    404,
    /There is no/,
  ],
  ['another version', `/apis/${GROUP}/v2/namespaces/gridlock/pods/*/gridlock_sockets`, 404, /There is no/],
  [
    'a selector of series',
    `${PODS}/*/gridlock_sockets?metricLabelSelector=a%3Db`,
    400,
    /leave out metricLabelSelector/,
  ],
  ['a broken path', `${PODS}/%E0%A4%A/gridlock_sockets`, 400, /not encoded/],
  ['openapi', '/openapi/v3', 404, /There is no/],
] as const) {
  test(`${what} is refused with a sentence in a Status`, async () => {
    const answer = await apiWith().api.answer('GET', path);
    const { kind, status, code: inBody } = answer.body as { kind: string; status: string; code: number };
    assert.deepEqual([answer.code, kind, status, inBody], [code, 'Status', 'Failure', code]);
    assert.match(message(answer.body), sentence);
  });
}

test('metrics are only read', async () => {
  assert.equal((await apiWith().api.answer('DELETE', `${PODS}/*/gridlock_sockets`)).code, 405);
});

test('the documents of discovery name group, versions and metric', async () => {
  const { api } = apiWith();
  const get = async (path: string) => (await api.answer('GET', path)).body as Record<string, any>;
  assert.deepEqual((await get(`/apis/${GROUP}`)).preferredVersion, {
    groupVersion: `${GROUP}/v1beta2`,
    version: 'v1beta2',
  });
  assert.equal((await get('/apis')).groups[0].name, GROUP);
  for (const version of ['v1beta2', 'v1beta1']) {
    const { groupVersion, resources } = await get(`/apis/${GROUP}/${version}`);
    assert.equal(groupVersion, `${GROUP}/${version}`);
    assert.deepEqual(resources[0], {
      name: 'pods/gridlock_sockets',
      singularName: '',
      namespaced: true,
      kind: 'MetricValueList',
      verbs: ['get'],
    });
  }
  const aggregated = await api.answer(
    'GET',
    '/apis',
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  );
  assert.equal(aggregated.code, 406);
});

test('a number is a quantity of Kubernetes', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 0, max: 999 }), (whole, thousandths) => {
      const text = quantity(whole + thousandths / 1000);
      const value = text.endsWith('m') ? Number(text.slice(0, -1)) / 1000 : Number(text);
      assert.ok(Math.abs(value - (whole + thousandths / 1000)) < 0.001);
      assert.match(text, /^\d+m?$/);
    }),
  );
});
