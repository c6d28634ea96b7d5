import type { AnyStatus } from './system-status.ts';

const CLEAR_LINE = '\r\u001b[K';

/** The output for the user: one line per finished step, and on a terminal also the steps that are still pending. */
export class Report {
  #out: NodeJS.WriteStream;
  #pending = new Set<string>();

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    // The reader of our output may end before us (`npm start | head`). That must not end the cluster without a drain.
    out.on('error', () => undefined);
  }

  line(text: string): void {
    this.#out.write(this.#out.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    this.#drawPending();
  }

  /** Runs one step; its line shows the result and the duration. */
  async step<T>(name: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T> {
    const begin = performance.now();
    this.#pending.add(name);
    this.#drawPending();
    try {
      const result = await work();
      this.#pending.delete(name);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      this.line(`${name.padEnd(13)} ${describe(result)} (${seconds} s)`);
      return result;
    } finally {
      this.#pending.delete(name);
    }
  }

  #drawPending(): void {
    if (this.#out.isTTY && this.#pending.size > 0) {
      this.#out.write(`${CLEAR_LINE}waiting for: ${[...this.#pending].join(', ')} `);
    }
  }

  /**
   * The closing table, and the line that says that clients can connect. `trustCommand` lets this machine trust the
   * root; undefined when that is not needed.
   */
  ready(status: AnyStatus, trustCommand?: string): void {
    const { edge, redis } = status;
    const servers = 'replicas' in status ? status.replicas : status.servers;
    const rows = [
      ['process', 'APPID', 'pid', 'port'],
      ['haproxy', '', edge.pid, `${edge.port}, ${edge.httpPort}`],
      ...servers.map(({ name, appId = '', pid = '', ...where }) => [
        name,
        appId,
        pid,
        // A server that already ran may be on another machine.
        'address' in where && appId === '' ? where.address : where.port,
      ]),
      ...(redis === undefined ? [] : [['redis', '', redis.pid, redis.port]]),
    ].map((row) => row.map(String));
    const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
    const table = rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
    this.line(
      [
        '',
        ...table,
        '',
        `root certificate  ${status.rootCertificate}`,
        ...(trustCommand === undefined ? [] : [`to trust it       ${trustCommand}`]),
        ...('operationsUrl' in status ? [`operations        ${status.operationsUrl}`] : []),
        `ready ${status.url}`,
      ].join('\n'),
    );
  }
}
