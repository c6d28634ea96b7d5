import { SECURITY } from './security.ts';
import { containerOf, podOf, securityOf, testFaults } from './testing/faults.ts';

testFaults(SECURITY, [
  ['non-root', 'perhaps root', (o) => delete podOf(o).securityContext.runAsNonRoot, /may run as root/],
  ['non-root', 'a container that takes it back', (o) => (securityOf(o).runAsNonRoot = false), /may run as root/],
  ['high-user', 'a low user', (o) => (securityOf(o).runAsUser = 1000), /the user 1000/],
  ['high-user', 'no user', (o) => delete podOf(o).securityContext.runAsUser, /user of its image/],
  ['high-group', 'a low group', (o) => (securityOf(o).runAsGroup = 0), /the group 0/],
  ['read-only-root', 'a root file system', (o) => delete securityOf(o).readOnlyRootFilesystem, /can write/],
  ['no-escalation', 'escalation', (o) => delete securityOf(o).allowPrivilegeEscalation, /gain privileges/],
  ['not-privileged', 'privileges', (o) => (securityOf(o).privileged = true), /is privileged/],
  ['no-capabilities', 'capabilities kept', (o) => delete securityOf(o).capabilities, /keeps capabilities/],
  [
    'no-capabilities',
    'one added',
    (o) => (securityOf(o).capabilities.add = ['NET_ADMIN']),
    /adds the capabilities NET_ADMIN/,
  ],
  ['seccomp', 'no seccomp', (o) => (podOf(o).securityContext.seccompProfile.type = 'Unconfined'), /without a seccomp/],
  ['default-proc-mount', 'an unmasked /proc', (o) => (securityOf(o).procMount = 'Unmasked'), /\/proc unmasked/],
  ['no-host-namespaces', "the node's network", (o) => (podOf(o).hostNetwork = true), /sets hostNetwork/],
  [
    'no-host-paths',
    "Docker's socket",
    (o) => (podOf(o).volumes = [{ hostPath: { path: '/var/run/docker.sock' } }]),
    /docker\.sock of the node/,
  ],
  ['no-host-ports', 'a port of the node', (o) => (containerOf(o).ports[0].hostPort = 8080), /takes port 8080/],
  ['no-host-ports', 'a privileged port', (o) => (containerOf(o).ports[0].containerPort = 443), /takes port 443/],
  [
    'safe-sysctls',
    'an unsafe sysctl',
    (o) => (podOf(o).securityContext.sysctls = [{ name: 'kernel.msgmax' }]),
    /sysctl kernel\.msgmax/,
  ],
]);
