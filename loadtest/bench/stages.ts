import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ensureCertificates } from '../../infra/local/certificates.ts';
import { PreflightError } from '../../infra/local/errors.ts';
import { findBinary, installCommand } from '../../infra/setup/binaries.mjs';
import { Generator } from './generator/generator.ts';
import { LoadedSystem } from './loaded-system.ts';
import { type SystemOptions, SystemUnderTest } from './system-under-test.ts';
import type { System } from './systems/system.ts';

/** Starts systems with their common parts: the certificate and the binaries. */
export class Stages {
  readonly #options: SystemOptions;

  private constructor(options: SystemOptions) {
    this.#options = options;
  }

  /** @throws PreflightError when a binary is missing */
  static async prepare(replicas: number): Promise<Stages> {
    const [haproxy, redis] = [binary('haproxy', 'haproxy'), binary('redis', 'redis-server')];
    const pki = mkdtempSync(path.join(os.tmpdir(), 'gridlock-bench-pki-'));
    try {
      await ensureCertificates(pki, 'localhost');
    } catch (error) {
      rmSync(pki, { recursive: true, force: true });
      throw error;
    }
    return new Stages({ replicas, haproxy, redis, pki });
  }

  /**
   * Starts a system from scratch with a generator. Both are ended after the task, or when it takes too long.
   * @throws what the task throws, or Error that says that it took too long
   */
  async use<T>(
    system: System,
    mostMs: number,
    task: (loaded: LoadedSystem) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const generator = new Generator();
    let stage: SystemUnderTest | undefined;
    let isLate = false;
    const stop = async () => {
      await generator.stop();
      await stage?.stop();
    };
    const deadline = setTimeout(() => {
      isLate = true;
      void stop();
    }, mostMs);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      stage = await SystemUnderTest.start(system, this.#options);
      const ca = readFileSync(path.join(this.#options.pki, 'root.pem'), 'utf8');
      return await task(new LoadedSystem(system, stage, generator, ca));
    } catch (error) {
      throw isLate ? new Error(`it took longer than ${mostMs / 1000} s`) : error;
    } finally {
      clearTimeout(deadline);
      signal?.removeEventListener('abort', stop);
      await stop();
    }
  }

  /** Removes the certificate. */
  remove(): void {
    rmSync(this.#options.pki, { recursive: true, force: true });
  }
}

function binary(part: 'haproxy' | 'redis', name: string): string {
  const found = findBinary(name);
  if (found !== undefined) return found;
  throw new PreflightError(`${name} is not installed: ${installCommand([part])}`);
}
