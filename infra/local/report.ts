import type { AnyStatus } from './system-status.ts';

const CLEAR_LINE = '\r\u001b[K';

/** What the user sees: one line a finished step; on a terminal also what is still being waited for. */
export class Report {
  #out: NodeJS.WriteStream;
  #pending = new Set<string>();

  constructor(out: NodeJS.WriteStream = process.stdout) {
    this.#out = out;
    // The reader of our output may leave before us (`npm start | head`): that is no reason to die undrained.
    out.on('error', () => undefined);
  }

  line(text: string): void {
    this.#out.write(this.#out.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
    this.#drawPending();
  }

  /** Runs one step; its line tells the result and the time it took. */
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
   * The closing table and the line that says that people can come. `trustCommand` lets this machine trust the root;
   * undefined when nobody has to.
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
        // A server that ran already is elsewhere, perhaps.
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
