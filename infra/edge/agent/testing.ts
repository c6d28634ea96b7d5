// A directory that changes in the way of a mounted Secret, for the tests next to this file.
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { selfSigned } from '../testing.ts';

export interface Mount {
  /** Path of `tls.crt`. */
  certificate: string;
  /** Puts another pair into the Secret; resolves with its certificate as PEM. */
  update(pair?: { chain: string; key: string }): string;
}

/** A pair of a self-signed certificate and its key, as PEM. */
export function makePair(directory: string): { chain: string; key: string } {
  selfSigned(directory);
  const pem = readFileSync(path.join(directory, 'leaf.pem'), 'utf8');
  const key = readFileSync(path.join(directory, 'key.pem'), 'utf8');
  return { chain: pem.slice(0, pem.indexOf('-----BEGIN PRIVATE KEY')), key };
}

/** Works like the kubelet: the files are behind `..data`, a link that is replaced when all of them are complete. */
export function mountSecret(directory: string): Mount {
  const at = (...names: string[]) => path.join(directory, 'tls', ...names);
  mkdirSync(at(), { recursive: true });
  let generation = 0;
  const update: Mount['update'] = (pair = makePair(directory)) => {
    const name = `..${(generation += 1)}`;
    mkdirSync(at(name));
    writeFileSync(at(name, 'tls.crt'), pair.chain);
    writeFileSync(at(name, 'tls.key'), pair.key);
    symlinkSync(name, at('..new'));
    renameSync(at('..new'), at('..data'));
    return pair.chain;
  };
  update();
  symlinkSync(path.join('..data', 'tls.crt'), at('tls.crt'));
  symlinkSync(path.join('..data', 'tls.key'), at('tls.key'));
  return { certificate: at('tls.crt'), update };
}
