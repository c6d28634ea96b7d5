// The verdicts of two well-known scanners on the TLS of a running edge. All sections of testssl.sh, which takes
// minutes: npm test -- --full tests/tls-scan.integration.test.ts
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Cluster, startCluster } from '../loadtest/kit/cluster.ts';
import { freePorts } from './kit/ports.ts';
import { inFull } from './kit/repetitions.ts';
import { compareWithProfile, type Finding, SECTIONS, scan, withoutSslyze, withoutTestssl } from './tls-scan.ts';

const rootOf = ({ stateDir }: Cluster) => path.join(stateDir, 'pki/root.pem');
const trusted = (cluster: Cluster) => ({ url: cluster.url, ca: rootOf(cluster) });

// Together: the scanners mostly wait.
describe('the edge as npm start makes it', { concurrency: true }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ replicas: 1 });
  });
  after(() => cluster?.stop());

  test('is within the Mozilla modern profile', { skip: withoutSslyze }, async () => {
    const { code, compliant, output } = await compareWithProfile('modern', trusted(cluster));
    assert.equal(code, 0, output);
    assert.ok(compliant, output);
  });

  test('is outside the profile for a client that does not have the root', { skip: withoutSslyze }, async () => {
    const verdict = await compareWithProfile('modern', { url: cluster.url }, 'without-root');
    assert.deepEqual([verdict.compliant, verdict.issues], [false, ['certificate_path_validation']], verdict.output);
  });

  test('gives testssl.sh nothing of MEDIUM or above', { skip: withoutTestssl }, async () => {
    const sections = inFull ? [] : SECTIONS;
    const findings = await scan(trusted(cluster), sections, 'edge');
    assert.deepEqual(serious(findings), []);
    // A check that gave no verdict is not a pass. GOST does not concern this edge, and resumption is only described.
    const unknown = findings.filter(({ severity }) => severity === 'WARN').map(({ id }) => id);
    const harmless = ['engine_problem', 'sessionresumption_ticket', 'sessionresumption_ID'];
    assert.deepEqual(
      unknown.filter((id) => !harmless.includes(id)),
      [],
    );
    const judged = findings.filter(({ severity }) => severity === 'OK').map(({ id }) => id);
    const expected = ['SSLv3', 'TLS1_3', 'cert_chain_of_trust', 'cert_trust', 'heartbleed', 'BREACH', 'secure_renego'];
    assert.deepEqual(
      expected.filter((id) => !judged.includes(id)),
      [],
    );
  });

  test('gives testssl.sh something to find without the root', { skip: withoutTestssl }, async () => {
    const found = serious(await scan({ url: cluster.url }, ['-S'], 'without-root'));
    assert.deepEqual(
      found.map((line) => line.split(' ')[1]),
      ['cert_chain_of_trust'],
    );
  });
});

describe('an edge that speaks TLS 1.2 too', { skip: withoutSslyze }, () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await startCluster({ replicas: 1, tlsMinVersion: '1.2' });
  });
  after(() => cluster?.stop());

  test('is outside the modern profile, and within the intermediate one', async () => {
    const modern = await compareWithProfile('modern', trusted(cluster), 'tls12-modern');
    assert.deepEqual([modern.code, modern.compliant], [1, false], modern.output);
    assert.ok(modern.issues.includes('tls_versions'), modern.output);
    const intermediate = await compareWithProfile('intermediate', trusted(cluster), 'tls12-intermediate');
    assert.ok(intermediate.compliant, intermediate.output);
  });
});

test('a scan that reached no server is not a good report', { skip: withoutSslyze }, async () => {
  const [port] = await freePorts(1);
  const { compliant, output } = await compareWithProfile('modern', { url: `https://localhost:${port}` }, 'nobody');
  assert.equal(compliant, false, output);
});

/** The findings that are not acceptable, as text. */
function serious(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ severity }) => ['MEDIUM', 'HIGH', 'CRITICAL', 'FATAL'].includes(severity))
    .map(({ id, severity, finding }) => `${severity} ${id} ${finding}`);
}
