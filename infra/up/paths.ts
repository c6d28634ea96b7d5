import path from 'node:path';

/** The directory of Pulumi.yaml: the checkout, where the launcher runs every command. */
export const ROOT = process.cwd();

/** The files of `npm run up` in the state directory; absolute. */
export function upPaths(stateDir: string, stack: string) {
  const home = path.join(path.resolve(stateDir), 'pulumi');
  const project = path.join(home, 'project');
  const handed = path.join(path.resolve(stateDir), 'kubernetes', stack);
  return Object.freeze({
    home,
    /** Pulumi's state of the stacks. */
    backend: path.join(home, 'state'),
    /** Locks that running (and killed) engines hold on this stack. */
    locks: path.join(home, 'state', '.pulumi', 'locks', 'organization', 'gridlock', stack),
    passphrase: path.join(home, 'passphrase'),
    /** A separate project, because `pulumi stack init` and `stack rm` write next to Pulumi.yaml. */
    project,
    /** The working copy of the stack's file. */
    stackFile: path.join(project, `Pulumi.${stack}.yaml`),
    /** Marks an `up` that has begun and has not succeeded. */
    unfinished: path.join(project, `${stack}.unfinished`),
    /** The files for using the cluster. */
    handed,
    kubeconfig: path.join(handed, 'kubeconfig'),
    rootCertificate: path.join(handed, 'root.pem'),
  });
}

export type UpPaths = ReturnType<typeof upPaths>;

/** The stack's file as it is checked in. */
export const checkedInFile = (stack: string, root = ROOT): string => path.join(root, `Pulumi.${stack}.yaml`);
