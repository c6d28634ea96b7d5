import { type Container, eachContainer, type Fields, type Manifest, type Policy, podSpec } from './manifest.ts';

/** Lower ids belong to people and daemons of a host. */
const LOWEST_ID = 10_000;
/** Sysctls that affect only the pod. */
const SAFE_SYSCTLS =
  /^(net\.ipv4\.(ip_unprivileged_port_start|ip_local_port_range|tcp_.*|ping_group_range)|kernel\.shm_rmid_forced)$/;

/** A field of the container's security context, else of the pod's. */
const setting = (container: Container, manifest: Manifest, field: string): unknown =>
  container.securityContext?.[field] ?? podSpec(manifest)?.securityContext?.[field];

const highId = (name: string, field: string, what: string): Policy =>
  eachContainer(name, `Containers run under a ${what} id above ${LOWEST_ID}.`, (container, manifest) => {
    const id = setting(container, manifest, field);
    return typeof id === 'number' && id > LOWEST_ID ? undefined : `runs under the ${what} ${id ?? 'of its image'}`;
  });

const podPolicy = (name: string, sentence: string, complaints: (spec: Fields) => string[]): Policy => ({
  name,
  sentence,
  check: (manifest) => {
    const spec = podSpec(manifest);
    return spec ? complaints(spec) : [];
  },
});

export const SECURITY: readonly Policy[] = [
  eachContainer('non-root', 'Containers do not run as root.', (container, manifest) =>
    setting(container, manifest, 'runAsNonRoot') === true ? undefined : 'may run as root',
  ),
  highId('high-user', 'runAsUser', 'user'),
  highId('high-group', 'runAsGroup', 'group'),
  eachContainer('read-only-root', 'Containers cannot write to their root file system.', ({ securityContext }) =>
    securityContext?.readOnlyRootFilesystem === true ? undefined : 'can write to its root file system',
  ),
  eachContainer('no-escalation', 'Containers cannot gain privileges.', ({ securityContext }) =>
    securityContext?.allowPrivilegeEscalation === false ? undefined : 'can gain privileges',
  ),
  eachContainer('not-privileged', 'Containers are not privileged.', ({ securityContext }) =>
    securityContext?.privileged ? 'is privileged' : undefined,
  ),
  eachContainer('no-capabilities', 'Containers drop all capabilities and add none.', ({ securityContext }) => {
    const { drop = [], add = [] } = securityContext?.capabilities ?? {};
    if (!drop.includes('ALL')) return 'keeps capabilities';
    return add.length > 0 ? `adds the capabilities ${add.join(', ')}` : undefined;
  }),
  eachContainer('seccomp', 'Containers run under a seccomp profile.', (container, manifest) => {
    const profile = setting(container, manifest, 'seccompProfile') as Fields | undefined;
    return ['RuntimeDefault', 'Localhost'].includes(profile?.type) ? undefined : 'runs without a seccomp profile';
  }),
  eachContainer('default-proc-mount', 'Containers see /proc masked.', ({ securityContext }) =>
    [undefined, 'Default'].includes(securityContext?.procMount) ? undefined : 'sees /proc unmasked',
  ),
  podPolicy('no-host-namespaces', 'Pods share no namespace with the node.', (spec) =>
    ['hostNetwork', 'hostPID', 'hostIPC'].filter((field) => spec[field]).map((field) => `sets ${field}`),
  ),
  podPolicy('no-host-paths', 'Pods mount no directory of the node.', ({ volumes = [] }) =>
    (volumes as Fields[])
      .filter(({ hostPath }) => hostPath)
      .map(({ hostPath }) => `mounts ${hostPath.path} of the node`),
  ),
  eachContainer('no-host-ports', 'Containers use no port of the node, and no privileged one.', ({ ports = [] }) => {
    const port = (ports as Fields[]).find(({ hostPort, containerPort }) => hostPort || containerPort < 1024);
    return port ? `takes port ${port.hostPort ?? port.containerPort}` : undefined;
  }),
  podPolicy('safe-sysctls', 'Pods set only sysctls that affect only themselves.', ({ securityContext }) =>
    ((securityContext?.sysctls ?? []) as Fields[])
      .filter(({ name }) => !SAFE_SYSCTLS.test(name))
      .map(({ name }) => `sets the sysctl ${name}`),
  ),
];
