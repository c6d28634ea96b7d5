import { readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import path from 'node:path';
import * as v from 'valibot';
import { Failure } from './status.ts';

const TIMEOUT_MS = 5000;

export interface KubernetesOptions {
  readonly apiServer: URL;
  /** Directory of the service account's `token` and `ca.crt`, which both change while we run. */
  readonly accountDirectory: string;
}

/** Reads from the API server, as the pod's service account. */
export class Kubernetes {
  readonly #options: KubernetesOptions;
  #agent: { readonly ca: string; readonly agent: Agent } | undefined;

  constructor(options: KubernetesOptions) {
    this.#options = options;
  }

  /**
   * The object at a path, checked by the schema.
   * @throws Failure with a sentence when the API server does not give it
   */
  async get<Schema extends v.GenericSchema>(resource: string, schema: Schema): Promise<v.InferOutput<Schema>> {
    const { code, text } = await this.#fetch(resource).catch((error: Error) => {
      throw new Failure(503, `The API server cannot be asked for ${resource}: ${error.message}.`);
    });
    if (code !== 200) {
      const advice = code === 403 ? '; check the role of the service account' : '';
      throw new Failure(503, `The API server answered ${code} when asked for ${resource}${advice}.`);
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
    if (parsed.success) return parsed.output;
    throw new Failure(503, `The API server's answer to ${resource} is not what is expected.`);
  }

  close(): void {
    this.#agent?.agent.destroy();
  }

  async #fetch(resource: string): Promise<{ code: number; text: string }> {
    const { apiServer, accountDirectory } = this.#options;
    const [token, ca] = (await Promise.all(
      ['token', 'ca.crt'].map((name) => readFile(path.join(accountDirectory, name), 'utf8')),
    )) as [string, string];
    if (this.#agent?.ca !== ca) {
      this.#agent?.agent.destroy();
      this.#agent = { ca, agent: new Agent({ ca, keepAlive: true }) };
    }
    const secure = apiServer.protocol === 'https:';
    const headers = { authorization: `Bearer ${token.trim()}`, accept: 'application/json' };
    const options = {
      headers,
      ...(secure ? { agent: this.#agent.agent } : {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(new URL(resource, apiServer), options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') });
        });
      });
      request.on('error', reject).end();
    });
  }
}
