import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The user a container runs as. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Whoever has no user of their own to share: root, and a system without numbers for users. */
const STRANGER: Owner = { uid: 10_001, gid: 10_001 };

/**
 * The user of the containers: they read what the person who prepares it owns (mode 0600), so they run as that
 * person. Root's containers do not run as root: the files are given to them. Where Docker itself runs without root,
 * the container's root is that person and nobody else is.
 */
export function chooseOwner(person: Owner | undefined, rootless: boolean): Owner {
  if (rootless) return { uid: 0, gid: 0 };
  return person === undefined || person.uid === 0 ? STRANGER : person;
}

/** Asks the system, and Docker, for the user of the containers. */
export async function findOwner(): Promise<Owner> {
  const person = process.getuid && process.getgid ? { uid: process.getuid(), gid: process.getgid() } : undefined;
  const options = await run('docker', ['info', '--format', '{{.SecurityOptions}}']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return chooseOwner(person, options.includes('name=rootless'));
}
