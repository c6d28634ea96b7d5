// Usage: npm run certs -- <command> [flags]
import { CertificateError } from '../errors.ts';
import { printable, printableJson, printableLines } from '../printable.ts';
import { type Command, EXIT, helpOf, type Output, parseCommand } from './command.ts';

/** One module a command; loaded when it is asked for. */
const commands: Record<string, { summary: string; load: () => Promise<{ command: Command }> }> = {
  init: { summary: 'make a root and an intermediate', load: () => import('./init.ts') },
  csr: { summary: 'make a key and the request to certify it', load: () => import('./csr.ts') },
  sign: { summary: 'certify the key of a request', load: () => import('./sign.ts') },
  issue: { summary: 'make a key and its certificate', load: () => import('./issue.ts') },
  show: { summary: 'print what certificates say', load: () => import('./show.ts') },
  verify: { summary: 'check a chain as a client does', load: () => import('./verify.ts') },
  export: { summary: 'write a certificate in another format', load: () => import('./export.ts') },
  trust: { summary: 'let this machine or browser trust the root', load: () => import('./trust.ts') },
  untrust: { summary: 'take that back', load: () => import('./untrust.ts') },
  rotate: { summary: 'replace leaf or intermediate in the running edge', load: () => import('./rotate.ts') },
  rollover: { summary: 'replace the root in three phases', load: () => import('./rollover.ts') },
  revoke: { summary: 'declare a certificate invalid', load: () => import('./revoke.ts') },
  crl: { summary: 'sign new revocation lists', load: () => import('./crl.ts') },
  watch: { summary: 'renew whatever becomes due', load: () => import('./watch.ts') },
  audit: { summary: 'look for what is or will be wrong', load: () => import('./audit.ts') },
  acme: {
    summary: "obtain a certificate from an ACME authority, such as Let's Encrypt",
    load: () => import('./acme.ts'),
  },
};

class ProcessOutput implements Output {
  json: boolean;
  #warnings: string[] = [];
  #data: unknown;

  constructor(json: boolean) {
    this.json = json;
  }

  result(text: string, data: unknown): void {
    if (this.json) this.#data = data;
    else process.stdout.write(`${printableLines(text)}\n`);
  }

  warn(text: string): void {
    if (this.json) this.#warnings.push(text);
    else process.stderr.write(`Warning: ${printable(text)}\n`);
  }

  progress(text: string): void {
    if (!this.json) process.stderr.write(`${printable(text)}\n`);
  }

  fail(error: CertificateError): void {
    if (this.json) this.#data = { error: { code: error.code, message: error.message } };
    else process.stderr.write(`${error.message}\n`);
  }

  /** Writes the JSON, once all is known. */
  end(): void {
    if (!this.json || this.#data === undefined) return;
    const data = this.#warnings.length === 0 ? this.#data : { ...(this.#data as object), warnings: this.#warnings };
    process.stdout.write(`${printableJson(data)}\n`);
  }
}

function overview(): string {
  const width = Math.max(...Object.keys(commands).map((name) => name.length)) + 2;
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}`);
  return ['npm run certs -- <command> [flags]', '', ...lines, '', 'Each command has --help.', ''].join('\n');
}

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview());
    return name === undefined ? EXIT.refused : EXIT.done;
  }
  const output = new ProcessOutput(args.includes('--json'));
  try {
    if (!Object.hasOwn(commands, name)) {
      throw new CertificateError('invalid_usage', `There is no command "${name}": see "npm run certs -- --help".`);
    }
    const { command } = await commands[name]!.load();
    if (args.includes('--help') || args.includes('-h')) {
      process.stdout.write(helpOf(command));
      return EXIT.done;
    }
    return await command.run(parseCommand(command, args), output);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    output.fail(error);
    return error.exitCode;
  } finally {
    output.end();
  }
}

process.exitCode = await main(process.argv.slice(2));
