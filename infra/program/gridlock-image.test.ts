import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import * as command from '@pulumi/command';
import type { Cluster } from '../cluster/cluster.ts';
import { stackConfig } from '../config/config.ts';
import { record } from '../render/recorder.ts';
import { GridlockImage } from './gridlock-image.ts';

const IMAGE = 'docker:index/image:Image';
const COMMAND = 'command:local:Command';

const loadImage: Cluster['loadImage'] = (name, reference, opts) => ({
  reference: new command.local.Command(name, { environment: { IMAGE: reference } }, opts).environment.apply(
    (environment) => environment!.IMAGE!,
  ),
});

/** The component with sources that need no build; `bases` gets the base images asked for. */
const imageOf = (values: Record<string, string>, preview = false, bases: string[] = []) => {
  const named = Object.entries(values).map(([key, value]) => [`gridlock:${key}`, value]);
  const config = stackConfig('dev', Object.fromEntries(named));
  const sources = async (_: unknown, baseImage: string) => {
    bases.push(baseImage);
    return { context: path.resolve('.artifacts/image/0123456789ab'), hash: '0123456789ab' };
  };
  const cluster = config.cluster === 'kind' ? { loadImage } : {};
  return record(() => ({ reference: new GridlockImage('image', { config, cluster, sources }).reference }), {
    preview,
  });
};

for (const preview of [false, true]) {
  test(`on kind the image is built and loaded${preview ? ', and a preview knows its name' : ''}`, async () => {
    const recording = await imageOf({ imageBuilder: 'classic' }, preview);
    recording.assertChildren('image', [
      [IMAGE, 'image'],
      [COMMAND, 'image-load'],
    ]);
    assert.deepEqual(recording.one(IMAGE).inputs, {
      imageName: 'gridlock/game:0123456789ab',
      build: {
        context: '.artifacts/image/0123456789ab',
        dockerfile: '.artifacts/image/0123456789ab/Dockerfile',
        args: { BASE_IMAGE: 'node:24-bookworm-slim' },
        builderVersion: 'BuilderV1',
      },
      buildOnPreview: false,
      skipPush: true,
    });
    assert.deepEqual(recording.one(COMMAND).dependsOn, ['image']);
    assert.equal(recording.outputs.reference, 'gridlock/game:0123456789ab');
  });
}

test('with a repository the image is pushed, and loaded nowhere', async () => {
  const recording = await imageOf({ imageRepository: 'registry.example/game', cluster: 'eks' });
  recording.assertChildren('image', [[IMAGE, 'image']]);
  const { inputs } = recording.one(IMAGE);
  assert.equal(inputs.skipPush, false);
  assert.equal((inputs.build as { platform: string }).platform, 'linux/amd64');
  assert.equal((inputs.build as { builderVersion: string }).builderVersion, 'BuilderBuildKit');
  assert.equal(recording.outputs.reference, 'registry.example/game:0123456789ab');
});

test('an image of the configuration is used unchanged, and nothing is built', async () => {
  const bases: string[] = [];
  const recording = await imageOf({ image: 'registry.example/game:1.2.3' }, false, bases);
  recording.assertChildren('image', []);
  assert.deepEqual([recording.outputs.reference, bases], ['registry.example/game:1.2.3', []]);
});

test('the base image comes from the mirror', async () => {
  const bases: string[] = [];
  await imageOf({ imageMirror: 'mirror.example/hub' }, false, bases);
  assert.deepEqual(bases, ['mirror.example/hub/node:24-bookworm-slim']);
});
