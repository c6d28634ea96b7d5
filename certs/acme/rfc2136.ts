import { createHmac, randomInt, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { CertificateError, reasonOf } from '../errors.ts';

/** A name server that takes updates, and the key that identifies us (RFC 2136 with TSIG, RFC 8945). */
export interface UpdateServer {
  host: string;
  port: number;
  /** The zone to update, as `example.org`. */
  zone: string;
  keyName: string;
  /** Base64. */
  secret: string;
  algorithm: TsigAlgorithm;
}

export const tsigAlgorithms = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof tsigAlgorithms)[number];

const TYPE = { soa: 6, txt: 16, tsig: 250 };
const CLASS = { in: 1, none: 254, any: 255 };
const OPCODE_UPDATE = 5;
const FUDGE_SECONDS = 300;
const TIMEOUT_MS = 10_000;
const codes = [
  '',
  'FORMERR',
  'SERVFAIL',
  'NXDOMAIN',
  'NOTIMP',
  'REFUSED',
  'YXDOMAIN',
  'YXRRSET',
  'NXRRSET',
  'NOTAUTH',
  'NOTZONE',
];

/** Adds a TXT record, or with `remove` deletes it. Other records of the same name stay. */
export async function updateTxt(
  server: UpdateServer,
  name: string,
  value: string,
  { remove = false, ttl = 60 } = {},
): Promise<void> {
  const record = resourceRecord(
    name,
    TYPE.txt,
    remove ? CLASS.none : CLASS.in,
    remove ? 0 : ttl,
    characterString(value),
  );
  const { message, mac } = signedUpdate(server, record, Math.floor(Date.now() / 1000));
  const where = `${server.host}:${server.port}`;
  let answer: Buffer;
  try {
    answer = await ask(server, message);
  } catch (error) {
    throw new CertificateError('acme', `The name server ${where} does not answer (${reasonOf(error)}).`, {
      cause: error,
    });
  }
  const code = answer.readUInt16BE(2) & 0xf;
  if (answer.readUInt16BE(0) !== message.readUInt16BE(0))
    throw new CertificateError('acme', `${where} did not answer with a DNS message.`);
  if (code !== 0) {
    throw new CertificateError(
      'acme',
      `The name server ${where} refused to update ${name} (${codes[code] ?? code}): check zone, key and what the key may change.`,
    );
  }
  if (!answerIsSigned(server, answer, mac)) {
    throw new CertificateError(
      'acme',
      `The answer from ${where} is not signed with the key ${server.keyName}: check the secret.`,
    );
  }
}

function signedUpdate(server: UpdateServer, record: Buffer, seconds: number): { message: Buffer; mac: Buffer } {
  const id = randomInt(0x1_0000);
  // One zone, no prerequisite, one update, no additional record: the signature is added below.
  const head = words(id, OPCODE_UPDATE << 11, 1, 0, 1, 0);
  const zone = Buffer.concat([encodeName(server.zone), words(TYPE.soa, CLASS.in)]);
  const unsigned = Buffer.concat([head, zone, record]);
  const mac = hmac(server, unsigned, tsigVariables(server, seconds));
  const data = Buffer.concat([
    encodeName(server.algorithm),
    time48(seconds),
    words(FUDGE_SECONDS, mac.length),
    mac,
    words(id, 0, 0),
  ]);
  const message = Buffer.concat([unsigned, resourceRecord(server.keyName, TYPE.tsig, CLASS.any, 0, data)]);
  message.writeUInt16BE(1, 10);
  return { message, mac };
}

/** The fields that the signature covers in addition to the message (RFC 8945, 4.3.3). */
function tsigVariables(server: UpdateServer, seconds: number, error = 0): Buffer {
  const ttl = Buffer.alloc(4);
  return Buffer.concat([
    encodeName(server.keyName),
    words(CLASS.any),
    ttl,
    encodeName(server.algorithm),
    time48(seconds),
    words(FUDGE_SECONDS, error, 0),
  ]);
}

/**
 * The answer ends with its own TSIG record, computed over our signature and the answer without that record.
 */
function answerIsSigned(server: UpdateServer, answer: Buffer, requestMac: Buffer): boolean {
  if (answer.readUInt16BE(10) === 0) return false;
  const owner = encodeName(server.keyName);
  const algorithm = encodeName(server.algorithm);
  const head = Buffer.concat([owner, words(TYPE.tsig, CLASS.any)]);
  const start = answer.toString('latin1').toLowerCase().lastIndexOf(head.toString('latin1'));
  if (start < 0) return false;
  const data = start + head.length + 6 + algorithm.length;
  const seconds = answer.readUIntBE(data, 6);
  const size = answer.readUInt16BE(data + 8);
  const mac = answer.subarray(data + 10, data + 10 + size);
  const unsigned = Buffer.from(answer.subarray(0, start));
  unsigned.writeUInt16BE(unsigned.readUInt16BE(10) - 1, 10);
  const expected = hmac(server, words(requestMac.length), requestMac, unsigned, tsigVariables(server, seconds));
  return mac.length === expected.length && timingSafeEqual(mac, expected);
}

function hmac({ algorithm, secret }: UpdateServer, ...parts: Buffer[]): Buffer {
  const digest = createHmac(algorithm.slice('hmac-'.length), Buffer.from(secret, 'base64'));
  for (const part of parts) digest.update(part);
  return digest.digest();
}

async function ask({ host, port }: UpdateServer, message: Buffer): Promise<Buffer> {
  const socket = connect({ host, port });
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)));
  try {
    await once(socket, 'connect');
    socket.write(Buffer.concat([words(message.length), message]));
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) return received.subarray(2);
    }
    throw new Error('the connection was closed');
  } finally {
    socket.destroy();
  }
}

function resourceRecord(name: string, type: number, dnsClass: number, ttl: number, data: Buffer): Buffer {
  const seconds = Buffer.alloc(4);
  seconds.writeUInt32BE(ttl);
  return Buffer.concat([encodeName(name), words(type, dnsClass), seconds, words(data.length), data]);
}

/** In lower case, as the signature requires. */
function encodeName(name: string): Buffer {
  const labels = name.toLowerCase().replace(/\.$/, '').split('.');
  return Buffer.concat([...labels.map((label) => characterString(label)), Buffer.from([0])]);
}

function characterString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length);
  values.forEach((value, index) => bytes.writeUInt16BE(value, 2 * index));
  return bytes;
}

function time48(seconds: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(seconds, 0, 6);
  return bytes;
}
