import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Kubectl } from '../../infra/cluster/kubectl.ts';
import type { Config } from '../../infra/config/config.ts';
import { publicUrl } from '../../infra/config/origin.ts';
import { docker } from '../../infra/image/docker.ts';
import { type UpPaths, upPaths } from '../../infra/up/paths.ts';
import { findEngine } from '../../infra/up/tools.ts';
import { buildImage, clusterExists, deleteCluster, ensureCluster, imagesHere, loadImages, ownImages } from './kind.ts';
import { chartsIn, type Options } from './options.ts';
import { hasDockerProvider } from './preflight.ts';
import { type Printed, Project } from './project.ts';
import type { Steps } from './steps.ts';
import type { RotationStep, Settings, StackSystem } from './system.ts';

const run = promisify(execFile);

/** The stack as `npm run up` brings it up: the Pulumi engine, cert-manager, trust-manager, the ingress controller. */
export class FullSystem implements StackSystem {
  readonly #project: Project;
  readonly #options: Options;
  readonly #paths: UpPaths;
  /** Whether the cluster existed before this run. */
  #adopted = false;
  /** Whether this run made the cluster, and the program found it. */
  #prepared = false;
  /** The image, if it did not exist before. */
  #made: string | undefined;
  readonly kubectl: Kubectl;
  readonly rotations: readonly RotationStep[] = ['leaf', 'intermediate', 'root-accept', 'root-issue', 'root-retire'];

  constructor(settings: Settings, options: Options) {
    this.#options = options;
    const charts = options.charts === undefined ? {} : chartsIn(options.charts);
    this.#project = new Project({ ...charts, ...settings });
    this.#paths = upPaths(this.#project.stateDir, this.#project.stack);
    this.kubectl = new Kubectl(this.config.clusterName, this.config.namespace);
  }

  get stack(): StackSystem {
    return this;
  }

  get config() {
    return this.#project.config();
  }

  get url(): string {
    return publicUrl(this.config);
  }

  get rootPem(): string {
    return readFileSync(this.#paths.rootCertificate, 'utf8');
  }

  async start(steps: Steps): Promise<void> {
    // If images cannot be pulled, they have to be in the cluster before the program needs them.
    const { config } = this;
    const isOwnServer = config.serverImage !== '';
    if (this.#options.load.length > 0 || isOwnServer || !(await hasDockerProvider())) await this.#prepareCluster(steps);
    await steps.must('pulumi up', () => this.#up(...(isOwnServer ? [] : ['--policy-pack'])));
  }

  async #prepareCluster(steps: Steps): Promise<void> {
    this.#prepared = true;
    const { config } = this;
    await steps.must('cluster made', async () => {
      const { made, told } = await ensureCluster(config);
      this.#adopted = !made;
      return told;
    });
    let image = config.image;
    await steps.must('image built', async () => {
      if (config.serverImage !== '') return `${config.serverImage}, which is there`;
      if (image !== '') return `${image}, as configured`;
      const { reference, mine } = await buildImage(config);
      if (mine) this.#made = reference;
      image = reference;
      if (!(await hasDockerProvider())) this.#project.configure({ image });
      return reference;
    });
    await steps.must('images loaded', async () => {
      const here = await imagesHere([image, config.serverImage, ...ownImages(config)].filter(Boolean));
      return loadImages(config.clusterName, [...here, ...this.#options.load]);
    });
  }

  async #up(...args: string[]): Promise<string> {
    const { stdout } = await this.#project.run('up', ['--yes', ...args]);
    return summary(stdout);
  }

  async rollOut(): Promise<string> {
    this.#project.configure({ drainMs: this.config.drainMs + 500 });
    return this.#up();
  }

  async rotate(step: RotationStep): Promise<string> {
    // The step writes the next `pki` into the stack's file, as it does for a person.
    const { stdout } = await this.#project.run('rotate', [step, '--yes']);
    this.#project.reread();
    return summary(stdout);
  }

  readonly inspections = [
    ['pulumi up again, nothing changes', () => this.#unchanged()],
    ['pulumi refresh, no drift', () => this.#refresh()],
  ] as const;

  async #unchanged(): Promise<string> {
    const told = await this.#up();
    assert.match(told, /^\d+ unchanged$/, 'nothing is created, updated or deleted');
    return told;
  }

  async change(settings: Settings): Promise<string> {
    this.#project.configure(settings);
    return this.#up();
  }

  async changeByFlags(flags: readonly string[]): Promise<Printed> {
    const printed = await this.#project.run('up', ['--yes', ...flags]);
    this.#project.reread();
    return printed;
  }

  async refused(settings: Settings): Promise<string> {
    const before = Object.fromEntries(Object.keys(settings).map((key) => [key, this.config[key as keyof Config]]));
    this.#project.configure(settings);
    try {
      const { code, stdout, stderr } = await this.#project.attempt('up', ['--yes']);
      assert.equal(code, 2, `${JSON.stringify(settings)} is refused: ${stdout}${stderr}`);
      return stderr;
    } finally {
      this.#project.configure(before);
    }
  }

  beside(settings: Settings): Project {
    const { clusterName: name } = this.config;
    const place = { cluster: 'existing', context: `kind-${name}`, kubeconfig: this.#paths.kubeconfig };
    const { charts } = this.#options.charts === undefined ? {} : chartsIn(this.#options.charts);
    return new Project({ ...place, ...(charts ? { charts } : {}), ...settings });
  }

  async #refresh(): Promise<string> {
    const { stack, directory } = this.#project;
    const place = ['--stack', stack, '--cwd', directory, '--config-file', this.#paths.stackFile];
    const directories = [path.dirname(process.execPath), process.env['PATH'] ?? ''];
    const args = ['refresh', '--yes', '--skip-preview', '--expect-no-changes', ...place];
    const { stdout } = await run(findEngine()!, args, {
      env: {
        ...process.env,
        PATH: directories.join(path.delimiter),
        PULUMI_BACKEND_URL: pathToFileURL(this.#paths.backend).href,
        PULUMI_CONFIG_PASSPHRASE_FILE: this.#paths.passphrase,
        PULUMI_SKIP_UPDATE_CHECK: 'true',
      },
      maxBuffer: 1 << 26,
    }).catch((error: { stdout?: string; stderr?: string }) => {
      const last = `${error.stdout}${error.stderr}`.split('\n').slice(-60).join('\n');
      throw new Error(`pulumi refresh found changes:\n${last}`);
    });
    return summary(stdout);
  }

  async stop(steps: Steps): Promise<void> {
    const { clusterName } = this.config;
    await steps.run('npm run down', async () => {
      const { stdout } = await this.#project.run('down', ['--state-dir', this.#project.stateDir, '--yes']);
      if (this.#prepared) return summary(stdout);
      // The cluster is deleted as a whole, not object by object.
      assert.match(stdout, new RegExp(`The kind cluster ${clusterName} is deleted`));
      assert.equal(await clusterExists(clusterName), false);
      return 'the cluster is gone';
    });
    // A cluster that existed before the program is not the program's to delete, and may belong to someone else.
    if (!this.#adopted && (await clusterExists(clusterName))) {
      await steps.run('cluster deleted', async () => void (await deleteCluster(clusterName)));
    }
    if (this.#made !== undefined) await docker(['image', 'rm', this.#made]).catch(() => undefined);
    this.#project.remove();
  }
}

/** What Pulumi says under "Resources:", in one line. */
function summary(output: string): string {
  const counts = [...output.matchAll(/^\s+[+~\-±]*\s*(\d+ (?:created|updated|deleted|replaced|unchanged))$/gm)];
  return counts.map(([, text]) => text!).join(', ') || 'no resources listed';
}
