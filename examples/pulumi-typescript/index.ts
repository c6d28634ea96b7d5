// The Socket.IO example on Kubernetes: its image is all that Gridlock knows of it.
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Replicas } from 'gridlock';

const image = new pulumi.Config().get('image') ?? 'chat:1.4';
const { metadata } = new kubernetes.core.v1.Namespace('namespace', { metadata: { name: 'chat' } });

const chat = new Replicas('chat', {
  namespace: metadata.name,
  image,
  port: 3000,
  replicas: 3,
  environment: { NODE_ENV: 'production' },
  drain: { seconds: 20 },
});

export const namespace = metadata.name;
export const service = chat.service.metadata.name;
