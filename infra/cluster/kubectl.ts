import { spawn } from 'node:child_process';

/** The fields of an API object that the test uses. */
export interface Resource {
  metadata: {
    name: string;
    uid?: string;
    /** Increases with every change of the specification. */
    generation?: number;
    labels?: Record<string, string>;
    deletionTimestamp?: string;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

export interface Pod extends Resource {
  spec: { nodeName: string };
  status: {
    phase: string;
    conditions?: { type: string; status: string }[];
    containerStatuses?: { containerID?: string; restartCount: number }[];
  };
}

/** The kubectl of the cluster's own control plane: its version fits, and this machine needs no kubectl. */
export class Kubectl {
  readonly #cluster: string;
  readonly #namespace: string;
  /** The warnings of the API server. */
  readonly warnings: string[] = [];

  constructor(cluster: string, namespace: string) {
    this.#cluster = cluster;
    this.#namespace = namespace;
  }

  /** Resolves with its output. @throws with its error output */
  run(args: readonly string[], input = ''): Promise<string> {
    // Manifests name their own namespace.
    const where = args[0] === 'apply' ? [] : ['--namespace', this.#namespace];
    const inside = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf', ...where];
    const command = ['exec', '--interactive', `${this.#cluster}-control-plane`, ...inside, ...args];
    const child = spawn('docker', command, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => (stdout += String(part)));
    child.stderr.on('data', (part) => (stderr += String(part)));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => {
        this.warnings.push(...stderr.split('\n').filter((line) => line.startsWith('Warning:')));
        if (code === 0) resolve(stdout);
        else reject(new Error(`kubectl ${args.slice(0, 3).join(' ')}: ${(stderr || stdout).trim()}`));
      });
    });
  }

  async json<T = Resource>(...args: string[]): Promise<T> {
    return JSON.parse(await this.run([...args, '--output', 'json'])) as T;
  }

  async list<T extends Resource = Resource>(...args: string[]): Promise<T[]> {
    return (await this.json<{ items: T[] }>('get', ...args)).items;
  }

  /** The pods of a part that are not being deleted. */
  async pods(name: string): Promise<Pod[]> {
    const pods = await this.list<Pod>('pods', '--selector', `app.kubernetes.io/name=${name}`);
    return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  }

  /** Resolves when every workload of the namespace matches its specification, with new pods in place of old ones. */
  async settled(seconds = 300): Promise<void> {
    for (const kind of ['deployment', 'statefulset']) {
      for (const { metadata } of await this.list(kind)) {
        await this.run(['rollout', 'status', `${kind}/${metadata.name}`, `--timeout=${seconds}s`]);
      }
    }
  }

  /** The state of the cluster, to find out why a step failed. */
  async describe(): Promise<string> {
    const asked = [
      ['get', 'nodes', '--output', 'wide'],
      ['get', 'pods,hpa,pdb', '--all-namespaces', '--output', 'wide'],
      ['get', 'events', '--all-namespaces', '--field-selector', 'type=Warning', '--sort-by', '.lastTimestamp'],
    ];
    const answers = await Promise.all(asked.map((args) => this.run(args).catch((error: Error) => error.message)));
    return answers.map((text) => text.split('\n').slice(-40).join('\n')).join('\n');
  }
}
