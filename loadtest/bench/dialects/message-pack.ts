/** The part of MessagePack that plain messages are made of: maps, arrays, strings, numbers, booleans and null. */
export function pack(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.from([0xc0]);
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2]);
  if (typeof value === 'number') return packNumber(value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    const head = text.length < 32 ? [0xa0 | text.length] : [0xda, text.length >> 8, text.length & 255];
    return Buffer.concat([Buffer.from(head), text]);
  }
  const items = Array.isArray(value) ? value : Object.entries(value).flat();
  const count = Array.isArray(value) ? items.length : items.length / 2;
  if (count > 15) throw new RangeError('No message of the bench has more than 15 fields.');
  return Buffer.concat([Buffer.from([(Array.isArray(value) ? 0x90 : 0x80) | count]), ...items.map(pack)]);
}

function packNumber(value: number): Buffer {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    if (value < 128) return Buffer.from([value]);
    const bytes = Buffer.alloc(5);
    bytes[0] = 0xce;
    bytes.writeUInt32BE(value, 1);
    return bytes;
  }
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xcb;
  bytes.writeDoubleBE(value, 1);
  return bytes;
}

/** Every value from an offset to the end. */
export function unpack(bytes: Buffer, from: number): unknown[] {
  let at = from;
  const take = (length: number) => {
    at += length;
    return at - length;
  };
  const text = (length: number) => bytes.toString('utf8', take(length), at);
  const list = (length: number): unknown[] => Array.from({ length }, () => next());
  const map = (length: number) => Object.fromEntries(Array.from({ length }, () => [next(), next()]));
  function next(): unknown {
    const type = bytes[take(1)]!;
    if (type < 0x80) return type;
    if (type < 0x90) return map(type & 0x0f);
    if (type < 0xa0) return list(type & 0x0f);
    if (type < 0xc0) return text(type & 0x1f);
    if (type >= 0xe0) return type - 256;
    switch (type) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return bytes.readFloatBE(take(4));
      case 0xcb:
        return bytes.readDoubleBE(take(8));
      case 0xcc:
        return bytes.readUInt8(take(1));
      case 0xcd:
        return bytes.readUInt16BE(take(2));
      case 0xce:
        return bytes.readUInt32BE(take(4));
      case 0xcf:
        return Number(bytes.readBigUInt64BE(take(8)));
      case 0xd9:
        return text(bytes.readUInt8(take(1)));
      case 0xda:
        return text(bytes.readUInt16BE(take(2)));
      case 0xdc:
        return list(bytes.readUInt16BE(take(2)));
      case 0xde:
        return map(bytes.readUInt16BE(take(2)));
      default:
        throw new TypeError(`The byte 0x${type.toString(16)} begins no type that the bench knows.`);
    }
  }
  const values: unknown[] = [];
  while (at < bytes.length) values.push(next());
  return values;
}
