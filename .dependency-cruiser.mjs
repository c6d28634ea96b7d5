/** A file that only tests use: it may import what it tests, and nothing else may import it. */
const TESTS = '(\\.test\\.tsx?$|/testing[/.-]|-testing\\.ts$|testing\\.ts$|^tests/)';
const OURS = '^(infra|certs|services|loadtest|cli|tests|examples)/';
const rule = (name, comment, from, to) => ({
  name,
  comment,
  severity: 'error',
  from: { pathNot: TESTS, ...from },
  to,
});
export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two files that need each other are one noun, or hide a third.',
      from: {},
      to: { circular: true },
    },
    rule(
      'protocol-stands-alone',
      'services/protocol is imported by every side, so it imports nothing of ours.',
      { path: '^services/protocol/' },
      { path: OURS, pathNot: '^services/protocol/' },
    ),
    rule(
      'client-needs-protocol-only',
      'The SDK runs in browsers of other projects.',
      { path: '^services/client/' },
      { path: OURS, pathNot: '^services/(client|protocol)/' },
    ),
    rule(
      'server-needs-protocol-only',
      'The server knows no application, client, page or deployment; main.ts alone puts server and application together.',
      { path: '^services/server/', pathNot: `${TESTS}|^services/server/main\\.ts$` },
      { path: OURS, pathNot: '^services/(server|protocol)/' },
    ),
    rule(
      'apps-are-pure',
      'The rules of an application run on the server and in browsers.',
      { path: '^services/apps/[^/]+/[^/]+\\.ts$' },
      { path: OURS, pathNot: '^services/(apps|protocol)/' },
    ),
    {
      name: 'services-never-infra',
      severity: 'error',
      comment: 'Deployed code does not depend on how it is deployed; this holds for tests too.',
      from: { path: '^services/' },
      to: { path: '^(infra|loadtest|cli)/' },
    },
    {
      name: 'certs-stands-alone',
      severity: 'error',
      comment: 'The certificate authority is useful without the rest; this holds for tests too.',
      from: { path: '^certs/' },
      to: { path: OURS, pathNot: '^(certs|tests/kit)/' },
    },
    rule(
      'infra-never-loadtest',
      'Deployed code is not built from the code that drives it.',
      { path: '^infra/' },
      { path: '^(loadtest|tests|cli)/' },
    ),
    rule(
      'components-take-arguments',
      'The components take arguments, and know neither the configuration nor the program of Gridlock.',
      { path: '^infra/components/' },
      {
        path: '^infra/(config|program|cluster|up|local|compose|render|play)/',
        pathNot: '^infra/config/redis-url\\.ts$',
      },
    ),
    rule(
      'tests-are-leaves',
      'Code that ships does not import code of tests, but for the commands that run tests or take pictures.',
      { pathNot: `${TESTS}|^cli/commands/(e2e|screenshots|test)\\.ts$` },
      { path: TESTS },
    ),
    {
      name: 'cli-is-a-leaf',
      severity: 'error',
      comment: 'Commands call the code, never the other way.',
      from: { path: '^(infra|certs|services|loadtest)/' },
      to: { path: '^cli/' },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment:
        'An import leads somewhere. The peers of the bench and some examples have their own package.json, and a build ' +
        'gives the inspector its application.',
      from: { pathNot: '^(loadtest/peers|examples/(socket-io|pulumi-typescript))/' },
      to: { couldNotResolve: true, pathNot: '^application$' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)node_modules/|\\.css$' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
