import { CertificateError } from '../errors.ts';
import { type KeyType, parseKeyType } from './keys.ts';

/** What a certificate request is made from. */
export interface RequestOptions {
  /** Attribute and value in order, as `['CN', 'game.example']`. */
  subject: (readonly [string, string])[];
  dnsNames: string[];
  ipAddresses: string[];
  keyType?: KeyType;
}

const longNames: Record<string, string> = {
  commonname: 'CN',
  organizationname: 'O',
  organizationalunitname: 'OU',
  countryname: 'C',
  stateorprovincename: 'ST',
  localityname: 'L',
};
const shortNames = new Set(Object.values(longNames));

/**
 * Reads what `openssl req -config` reads: sections `[req]`, its distinguished name and extensions, and
 * `@section` lists of alternative names. `key_type` in `[req]` chooses a key other than RSA of
 * `default_bits`. Throws a CertificateError naming the line.
 */
export function parseRequestConfig(text: string, path: string): RequestOptions {
  const sections = parseSections(text, path);
  const request = sections.get('req') ?? [];
  const value = (entries: Entry[], name: string) => entries.find(([key]) => key === name)?.[1];
  const section = (name: string | undefined) => (name === undefined ? [] : (sections.get(name) ?? missing(name, path)));

  const subject = section(value(request, 'distinguished_name'))
    // Prompts and limits are for a person at a terminal.
    .filter(([key]) => !/_(default|min|max)$/.test(key))
    .map(([key, text]): readonly [string, string] => [attributeOf(key, path), text]);
  const extensions = section(value(request, 'req_extensions') ?? value(request, 'x509_extensions'));
  const names = alternativeNames(value(extensions, 'subjectAltName') ?? '', section, path);
  const keyType = value(request, 'key_type');
  const bits = value(request, 'default_bits');
  const type = keyType ?? (bits === undefined ? undefined : `RSA-${bits}`);
  return { subject, ...names, ...(type === undefined ? {} : { keyType: parseKeyType(type) }) };
}

type Entry = readonly [key: string, value: string];

function parseSections(text: string, path: string): Map<string, Entry[]> {
  const sections = new Map<string, Entry[]>();
  let current: Entry[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.replace(/(^|\s)#.*$/, '').trim();
    const heading = /^\[\s*(\S+)\s*\]$/.exec(content)?.[1];
    const entry = /^([\w.]+)\s*=\s*(.*)$/.exec(content);
    if (heading !== undefined) sections.set(heading, (current = sections.get(heading) ?? []));
    else if (entry !== null) current.push([entry[1]!, entry[2]!.replace(/^"(.*)"$/, '$1')]);
    else if (content !== '') throw invalid(path, `line ${index + 1} is neither [section] nor name = value`);
  }
  return sections;
}

function alternativeNames(value: string, section: (name: string) => Entry[], path: string) {
  const listed = value.startsWith('@')
    ? section(value.slice(1).trim()).map(([key, text]) => [key.replace(/\.\d+$/, ''), text] as const)
    : value
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
        .map((item) => [item.split(':', 1)[0]!, item.slice(item.indexOf(':') + 1)] as const);
  const other = listed.find(([kind]) => kind !== 'DNS' && kind !== 'IP');
  if (other !== undefined) throw invalid(path, `"${other[0]}" is no kind of name for a server; use DNS and IP`);
  const of = (kind: string) => listed.filter(([key]) => key === kind).map(([, text]) => text);
  return { dnsNames: of('DNS'), ipAddresses: of('IP') };
}

function attributeOf(key: string, path: string): string {
  // `0.OU` and `1.OU` are how OpenSSL writes an attribute that comes twice.
  const plain = key.replace(/^\d+\./, '');
  if (shortNames.has(plain)) return plain;
  const short = longNames[plain.toLowerCase()];
  if (short !== undefined) return short;
  throw invalid(path, `"${key}" is no attribute of a subject; use ${[...shortNames].join(', ')}`);
}

function missing(name: string, path: string): never {
  throw invalid(path, `it has no section [${name}]`);
}

function invalid(path: string, problem: string): CertificateError {
  return new CertificateError('invalid_request', `${path} cannot be used: ${problem}.`);
}
