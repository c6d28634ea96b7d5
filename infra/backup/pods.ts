import { spawn } from 'node:child_process';
import { PreflightError } from '../local/errors.ts';
import { findBinary } from '../setup/binaries.mjs';

/** A request to the cluster failed. */
export class ClusterError extends Error {
  override name = 'ClusterError';
  readonly exitCode = 1;
}

/** What a backup needs of a Kubernetes cluster. */
export interface Pods {
  /** Runs a script of a Redis pod on standard input; resolves with what it wrote. @throws ClusterError */
  script(pod: string, name: string, input?: Uint8Array): Promise<Buffer>;
  /** Asks the API server; resolves with its answer. @throws ClusterError */
  kubectl(args: readonly string[], input?: Uint8Array): Promise<Buffer>;
}

/** A cluster as kubectl reaches it. */
export class KubectlPods implements Pods {
  readonly #binary: string;
  readonly #kubeconfig: string;
  readonly #namespace: string;

  constructor(kubeconfig: string, namespace: string) {
    const binary = findBinary('kubectl');
    if (!binary) throw new PreflightError('kubectl is not installed: https://kubernetes.io/docs/tasks/tools/');
    this.#binary = binary;
    this.#kubeconfig = kubeconfig;
    this.#namespace = namespace;
  }

  script(pod: string, name: string, input?: Uint8Array): Promise<Buffer> {
    const where = ['--namespace', this.#namespace, 'exec', '--stdin', '--container', 'redis', pod];
    return this.kubectl([...where, '--', 'sh', `/etc/gridlock/scripts/${name}.sh`], input);
  }

  kubectl(args: readonly string[], input: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
    const child = spawn(this.#binary, ['--kubeconfig', this.#kubeconfig, ...args]);
    const [output, complaints]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (part: Buffer) => output.push(part));
    child.stderr.on('data', (part: Buffer) => complaints.push(part));
    // A process that ended early has written its reason.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        if (code === 0) return resolve(Buffer.concat(output));
        const reason = Buffer.concat(complaints).toString().trim() || Buffer.concat(output).toString().trim();
        reject(new ClusterError(`kubectl ${args.slice(0, 4).join(' ')} failed: ${reason || `exit code ${code}`}`));
      });
    });
  }
}
