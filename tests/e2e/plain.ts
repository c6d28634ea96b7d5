import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Kubectl } from '../../infra/cluster/kubectl.ts';
import { publicUrl } from '../../infra/config/origin.ts';
import { docker } from '../../infra/image/docker.ts';
import { ensureCertificateDirectory } from '../../infra/program/certificate-directory.ts';
import { namesOf } from '../../infra/program/certificates.ts';
import {
  addedMegabytes,
  buildImage,
  clusterExists,
  deleteCluster,
  ensureCluster,
  imagesHere,
  loadImages,
  ownImages,
} from './kind.ts';
import type { Options } from './options.ts';
import { Project } from './project.ts';
import type { Steps } from './steps.ts';
import type { RotationStep, System } from './system.ts';

/** The program's manifests on a cluster, without Pulumi, without charts, with certificates of `certs/`. */
export class PlainSystem implements System {
  readonly #project: Project;
  readonly #options: Options;
  readonly #certificates: string;
  /** Whether the cluster was there before. */
  #adopted = false;
  /** The image, when it was not there before. */
  #made: string | undefined;
  readonly kubectl: Kubectl;
  readonly rotations: readonly RotationStep[] = ['leaf'];

  constructor(settings: Readonly<Record<string, unknown>>, options: Options) {
    this.#options = options;
    this.#project = new Project({
      ...settings,
      ingress: 'haproxy',
      certificates: 'files',
      // No chart is installed, not even KEDA's.
      autoscaling: 'none',
    });
    this.#certificates = path.join(this.#project.stateDir, 'certificates');
    this.#project.configure({ certificatesDir: this.#certificates });
    this.kubectl = new Kubectl(this.config.clusterName, this.config.namespace);
  }

  get config() {
    return this.#project.config();
  }

  get url(): string {
    return publicUrl(this.config);
  }

  get rootPem(): string {
    return readFileSync(path.join(this.#certificates, 'roots.pem'), 'utf8');
  }

  async start(steps: Steps): Promise<void> {
    const { config } = this;
    await steps.must('cluster made', async () => {
      const { made, told } = await ensureCluster(config);
      this.#adopted = !made;
      return told;
    });
    if (config.image === '') await this.#build(steps);
    await steps.must('images loaded', async () => {
      const images = await imagesHere([this.config.image, ...ownImages(config), ...this.#options.load]);
      return loadImages(config.clusterName, images);
    });
    await steps.must('certificates made', async () => {
      return `leaves for ${(await ensureCertificateDirectory(this.#certificates, namesOf(config))).join(', ')}`;
    });
    await steps.must('manifests accepted', () => this.#apply());
  }

  async #build(steps: Steps): Promise<void> {
    const { config } = this;
    await steps.must('image built', async () => {
      const { reference, mine } = await buildImage(config);
      this.#project.configure({ image: reference });
      if (mine) this.#made = reference;
      return `${reference}, ${await addedMegabytes(reference, config.baseImage)} MB more than its base`;
    });
  }

  async #apply(): Promise<string> {
    const { stdout } = await this.#project.run('manifests', []);
    const answer = await this.kubectl.run(['apply', '--server-side', '--force-conflicts', '--filename', '-'], stdout);
    const applied = answer.trim().split('\n').length;
    assert.equal(applied, stdout.split(/^---$/m).length - 1, 'every manifest was answered');
    return `${applied} manifests`;
  }

  async #ready(): Promise<string> {
    await this.kubectl.settled();
    return `${(await this.kubectl.pods('server')).length} replicas`;
  }

  async rollOut(): Promise<string> {
    this.#project.configure({ drainMs: this.config.drainMs + 500 });
    await this.#apply();
    return this.#ready();
  }

  async rotate(step: RotationStep): Promise<string> {
    assert.equal(step, 'leaf');
    rmSync(path.join(this.#certificates, 'edge.pem'));
    const made = await ensureCertificateDirectory(this.#certificates, namesOf(this.config));
    assert.deepEqual(made, ['edge']);
    return this.#apply();
  }

  readonly inspections = [['applied again, nothing changes', () => this.#unchanged()]] as const;

  async #unchanged(): Promise<string> {
    const versions = async () => {
      const workloads = await this.kubectl.list('deployment,statefulset');
      return workloads.map(({ metadata: { name, generation } }) => [name, generation]);
    };
    const before = await versions();
    const told = await this.#apply();
    assert.deepEqual(await versions(), before);
    return told;
  }

  async stop(steps: Steps): Promise<void> {
    const { clusterName } = this.config;
    // A cluster that existed before is not ours to delete.
    if (!this.#adopted && (await clusterExists(clusterName))) {
      await steps.run('cluster deleted', async () => void (await deleteCluster(clusterName)));
    }
    if (this.#made !== undefined) await docker(['image', 'rm', this.#made]).catch(() => undefined);
    this.#project.remove();
  }
}
