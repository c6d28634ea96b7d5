// What the tests of the ingress controller have in common.
import * as pulumi from '@pulumi/pulumi';
import { stackConfig } from '../../config/config.ts';
import { createEdge } from '../../program/parts.ts';
import { record } from '../../render/recorder.ts';

export const RELEASE = 'kubernetes:helm.sh/v3:Release';
export const INGRESS = 'kubernetes:networking.k8s.io/v1:Ingress';
export const of = (kind: string) => `kubernetes:ingress.v3.haproxy.org/v3:${kind}`;

export const run = (values: Record<string, string> = {}, preview = false) =>
  record(
    () => {
      const { url, address } = createEdge('edge', {
        config: stackConfig('dev', values),
        namespace: pulumi.output('gridlock'),
        game: { service: 'game', headlessService: 'game-headless' },
        certificates: { edgeSecret: pulumi.output('gridlock-edge-tls') },
        image: 'gridlock/game:1',
      });
      return { url, address };
    },
    { preview },
  );
export type Made = Awaited<ReturnType<typeof run>>;
export type Fields = Record<string, unknown>;
export const spec = (recording: Made, kind: string, name?: string) =>
  recording.one(of(kind), name).inputs['spec'] as Fields;
export const controller = (recording: Made) =>
  (recording.one(RELEASE).inputs['values'] as { controller: Fields & { config: Record<string, string> } }).controller;

export const cloud = {
  'gridlock:cluster': 'existing',
  'gridlock:context': 'there',
  'gridlock:image': 'registry.example/gridlock:1',
  'gridlock:host': 'game.example',
  'gridlock:port': '443',
  'gridlock:httpPort': '80',
};
