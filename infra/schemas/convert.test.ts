import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf, kindOf, type OpenApi, pathOf, schemaOf, schemaOfDefinition } from './convert.ts';

const kind = { group: 'apps', version: 'v1', kind: 'Thing' };

const document: OpenApi = {
  components: {
    schemas: {
      'io.Thing': {
        type: 'object',
        description: 'A thing.',
        'x-kubernetes-group-version-kind': [kind],
        properties: {
          spec: { allOf: [{ $ref: '#/components/schemas/io.Spec' }], default: {} },
          description: { type: 'string', description: 'A field of that name.' },
        },
      },
      'io.Spec': {
        type: 'object',
        required: [],
        properties: {
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          again: { $ref: '#/components/schemas/io.Spec' },
        },
      },
      'io.Other': { type: 'object' },
    },
  },
};

test('the schema of a kind includes its references, has no comments, and refuses unknown fields', () => {
  assert.deepEqual(schemaOf(document, kind), {
    $ref: '#/definitions/io.Thing',
    definitions: {
      'io.Spec': {
        type: 'object',
        properties: {
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          again: { $ref: '#/definitions/io.Spec' },
        },
        additionalProperties: false,
      },
      'io.Thing': {
        type: 'object',
        properties: { spec: { allOf: [{ $ref: '#/definitions/io.Spec' }] }, description: { type: 'string' } },
        additionalProperties: false,
      },
    },
  });
});

test('an unknown kind has no schema', () => {
  assert.equal(schemaOf(document, { ...kind, version: 'v2' }), undefined);
  assert.equal(schemaOf({}, kind), undefined);
});

test('a custom resource definition gives the schema of its version; fields that it leaves open stay open', () => {
  const open = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { a: { type: 'string' } },
  };
  const definition = {
    spec: {
      group: 'apps',
      names: { kind: 'Thing' },
      versions: [
        {
          name: 'v1',
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { spec: open, port: { 'x-kubernetes-int-or-string': true } },
            },
          },
        },
      ],
    },
  };
  assert.deepEqual(schemaOfDefinition(definition, kind), {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { a: { type: 'string' } } },
      port: { anyOf: [{ type: 'integer' }, { type: 'string' }] },
    },
    additionalProperties: false,
  });
  assert.equal(schemaOfDefinition(definition, { ...kind, kind: 'Other' }), undefined);
});

test('a kind is found in an API server and in a file by its group and version', () => {
  const core = kindOf({ apiVersion: 'v1', kind: 'Service' });
  const named = kindOf({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' });
  assert.deepEqual([pathOf(core), fileOf(core)], ['api/v1', 'service-v1.json']);
  assert.deepEqual([pathOf(named), fileOf(named)], ['apis/networking.k8s.io/v1', 'networkpolicy-networking-v1.json']);
});
