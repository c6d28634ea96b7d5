// The Socket.IO example on Kubernetes: Gridlock needs only its image. The cluster needs cert-manager and trust-manager.
import * as kubernetes from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { WebSocketCluster } from 'gridlock';

const config = new pulumi.Config();
const image = config.get('image') ?? 'chat:1.4';
const host = config.get('host') ?? 'chat.example.com';
const { metadata } = new kubernetes.core.v1.Namespace('namespace', { metadata: { name: 'chat' } });

const chat = new WebSocketCluster('chat', {
  namespace: metadata.name,
  image,
  port: 3000,
  host,
  replicas: 3,
  environment: { NODE_ENV: 'production' },
  // Long polling works only if all requests of a client reach the same replica.
  stickiness: { by: 'cookie' },
  drain: { seconds: 20 },
  edge: {
    controller: {
      chart: {
        chart: 'kubernetes-ingress',
        version: '1.52.1',
        repositoryOpts: { repo: 'https://haproxytech.github.io/helm-charts' },
      },
    },
  },
});

export const namespace = metadata.name;
export const { url, address, service, rootCertificate } = chat;
