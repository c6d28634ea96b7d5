import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinary } from './binaries.mjs';
import { progress, run, SetupError } from './step.mjs';

const LANGUAGES = {
  go: { program: ['go'], called: 'Go' },
  python: { program: ['python3'], called: 'Python 3' },
};

/** The pinned tools of a profile; `all` means every one. */
function toolsOf(profile) {
  const tools = JSON.parse(readFileSync(new URL('tools.json', import.meta.url), 'utf8'));
  return tools.filter((tool) => profile === 'all' || tool.profiles.includes(profile));
}

const stampOf = (bin, tool) => path.join(bin, `.${tool.name}-${tool.version}`);

function installGo(go, bin, tool) {
  tool.packages.forEach((packagePath, index) => {
    const tags = tool.tags ? ['-tags', tool.tags] : [];
    run(`go install ${packagePath}`, go, ['install', ...tags, `${packagePath}@${tool.version}`], {
      env: { ...process.env, GOBIN: bin },
    });
    const wanted = tool.binaries?.[index];
    if (wanted) renameSync(path.join(bin, path.basename(packagePath)), path.join(bin, wanted));
  });
}

function installPython(python, bin, tool) {
  const environment = path.join(bin, '..', 'python', tool.name);
  rmSync(environment, { recursive: true, force: true });
  run(`python3 -m venv for ${tool.name}`, python, ['-m', 'venv', environment]);
  const pip = path.join(environment, 'bin', 'pip');
  run(`pip install ${tool.name}`, pip, [
    'install',
    '--quiet',
    ...tool.packages.map((name) => `${name}==${tool.version}`),
  ]);
  const program = path.join(environment, 'bin', tool.name);
  if (!existsSync(program)) return;
  rmSync(path.join(bin, tool.name), { force: true });
  symlinkSync(program, path.join(bin, tool.name));
}

/** The command a person types to get one tool. */
function toolCommand(profile, tool) {
  return `install ${LANGUAGES[tool.language].called}, then: node infra/setup/run.mjs ${tool.profiles[0] ?? profile}`;
}

/** What is to be done for the pinned tools of a profile: a function, or undefined when all are there. */
export function toolsStep(root, profile) {
  const bin = path.join(root, '.tools', 'bin');
  const missing = toolsOf(profile).filter((tool) => !existsSync(stampOf(bin, tool)));
  if (missing.length === 0) return undefined;
  return () => {
    mkdirSync(bin, { recursive: true });
    for (const tool of missing) {
      const program = findBinary(...LANGUAGES[tool.language].program);
      if (!program) {
        progress(`skipping ${tool.name}, and with it ${tool.usedBy}; to get it, ${toolCommand(profile, tool)}`);
        continue;
      }
      progress(`installing ${tool.name} ${tool.version}`);
      try {
        if (tool.language === 'go') installGo(program, bin, tool);
        else installPython(program, bin, tool);
        writeFileSync(stampOf(bin, tool), '');
      } catch (error) {
        if (!(error instanceof SetupError)) throw error;
        progress(`skipping ${tool.name}, and with it ${tool.usedBy}: ${error.message}`);
      }
    }
  };
}
