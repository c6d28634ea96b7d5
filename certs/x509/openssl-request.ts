import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { CertificateError } from '../errors.ts';
import { readBytes } from '../text-file.ts';
import { parseRequestKeyType, type RequestKeyType } from './certificate-request.ts';
import { generateKeyPair, privateKeyPem } from './keys.ts';

export interface ConfiguredRequestOptions {
  /** A configuration of `openssl req`. */
  config: string;
  /** The section with the extensions, as `openssl req -reqexts`; by default the one that the file names. */
  extensions?: string | undefined;
  /** By default what `key_type` in `[req]` says, then RSA of `default_bits`, then P-256. */
  keyType?: RequestKeyType | undefined;
}

/**
 * A new key, and the request that `openssl req -new -batch -config` makes for it: openssl reads the file, so that
 * variables, prompts with defaults, `.include` and every kind of name keep their meaning. Throws a CertificateError for
 * a file that openssl refuses, and when openssl is missing.
 */
export async function requestFromConfig(
  options: ConfiguredRequestOptions,
): Promise<{ request: string; privateKey: ReturnType<typeof generateKeyPair>['privateKey'] }> {
  const { config, extensions } = options;
  // Checked here, because openssl only says "no such file".
  readBytes(config);
  const keyType = options.keyType ?? (await configuredKeyType(config));
  const { privateKey } = generateKeyPair(keyType);
  const section = extensions === undefined ? [] : ['-reqexts', extensions];
  // The key goes through a pipe: it is written to disk once, where it was asked for.
  const args = ['req', '-new', '-batch', '-config', config, ...section, '-key', '/dev/stdin'];
  const { code, stdout, stderr } = await openssl(args, privateKeyPem(privateKey));
  if (code === 0 && stdout.includes('-----BEGIN')) return { request: stdout, privateKey };
  throw new CertificateError('invalid_request', `openssl req refuses ${config}: ${reasonIn(stderr)}.`);
}

async function configuredKeyType(config: string): Promise<RequestKeyType> {
  const [keyType, bits] = [await configuredValue(config, 'key_type'), await configuredValue(config, 'default_bits')];
  return parseRequestKeyType(keyType ?? (bits === undefined ? 'P-256' : `RSA-${bits}`));
}

/**
 * A value of `[req]` as openssl reads it; undefined when the file has none. openssl has no command that prints a value,
 * so it gets the file with a subject appended that contains the value.
 */
async function configuredValue(config: string, name: string): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'gridlock-request-'));
  try {
    const question = [
      ...['', '', '[req]', 'prompt = no', 'utf8 = yes', 'distinguished_name = gridlock_subject'],
      ...['attributes = gridlock_nothing', 'req_extensions = gridlock_nothing', '[gridlock_nothing]'],
      ...['[gridlock_subject]', `CN = \${req::${name}}`, ''],
    ];
    const path = join(directory, 'request.cnf');
    writeFileSync(path, Buffer.concat([readBytes(config), Buffer.from(question.join('\n'))]), { mode: 0o600 });
    // Any key will do, and this type takes no time to make.
    const key = privateKeyPem(generateKeyPair('P-256').privateKey);
    const args = ['req', '-new', '-batch', '-config', path, '-key', '/dev/stdin', '-noout', '-subject'];
    const { code, stdout } = await openssl([...args, '-nameopt', 'multiline,utf8,-esc_msb'], key);
    return code === 0 ? /commonName\s*= (.*)/.exec(stdout)?.[1]?.trim() : undefined;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Runs openssl with `input` on its standard input. A shell's pipe is needed, because Node gives a child a socket, which
 * cannot be opened as `/dev/stdin`.
 */
async function openssl(
  args: readonly string[],
  input: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(
    '/bin/sh',
    ['-c', 'command -v openssl >/dev/null || exit 127; cat | openssl "$@"', 'sh', ...args],
    {
      stdio: 'pipe',
    },
  );
  // It may end before it has read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [[code], stdout, stderr] = await Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  if (code !== 127) return { code: code as number, stdout, stderr };
  throw new CertificateError(
    'tool_missing',
    'csr --config needs openssl to read the file, and it is not installed: install it, or use --dns, --ip and --subject instead.',
  );
}

/** The last error of openssl with the line or limit it names, without the places in its source. */
function reasonIn(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.flatMap((line) => {
    const [, reason, detail] = /:error:[^:]*:[^:]*:[^:]*:([^:]*):[^:]*:\d+:(.*)$/.exec(line) ?? [];
    return reason === undefined ? [] : [detail ? `${reason} (${detail.trim()})` : reason];
  });
  const spoken = lines.filter((line) => !line.includes(':error:') && !/^Error making certificate request/.test(line));
  return [...new Set([...spoken.slice(0, 1), ...errors.slice(0, 2)])].join(', ') || 'it does not say why';
}
