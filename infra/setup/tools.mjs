import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinary } from './binaries.mjs';
import { progress, run, SetupError, step } from './step.mjs';

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

async function installGo(go, bin, tool) {
  const env = { ...process.env, GOBIN: bin };
  const flags = tool.tags ? ['-tags', tool.tags] : [];
  const packages = tool.packages.map((packagePath) => `${packagePath}@${tool.version}`);
  await run(`go install ${tool.name}`, go, ['install', ...flags, ...packages], { env });
}

async function installPython(python, bin, tool) {
  const environment = path.join(bin, '..', 'python', tool.name);
  rmSync(environment, { recursive: true, force: true });
  await run(`python3 -m venv for ${tool.name}`, python, ['-m', 'venv', environment]);
  const pip = path.join(environment, 'bin', 'pip');
  await run(`pip install ${tool.name}`, pip, [
    'install',
    '--quiet',
    ...tool.packages.map((name) => `${name}==${tool.version}`),
  ]);
  const program = path.join(environment, 'bin', tool.name);
  if (!existsSync(program)) return;
  rmSync(path.join(bin, tool.name), { force: true });
  symlinkSync(program, path.join(bin, tool.name));
}

/** The command that installs one tool. */
function toolCommand(profile, tool) {
  return `install ${LANGUAGES[tool.language].called}, then: node infra/setup/run.mjs ${tool.profiles[0] ?? profile}`;
}

/** The step for the pinned tools of a profile: a function, or undefined when all are installed. */
export function toolsStep(root, profile) {
  const bin = path.join(root, '.tools', 'bin');
  const missing = toolsOf(profile).filter((tool) => !existsSync(stampOf(bin, tool)));
  if (missing.length === 0) return undefined;
  return async () => {
    mkdirSync(bin, { recursive: true });
    for (const tool of missing) {
      const program = findBinary(...LANGUAGES[tool.language].program);
      if (!program) {
        progress(`skipping ${tool.name}, and with it ${tool.usedBy}; to get it, ${toolCommand(profile, tool)}`);
        continue;
      }
      const verb = tool.language === 'go' ? 'compiling' : 'installing';
      const install = tool.language === 'go' ? installGo : installPython;
      try {
        await step(`${verb} ${tool.name} ${tool.version}`, () => install(program, bin, tool));
        writeFileSync(stampOf(bin, tool), '');
      } catch (error) {
        if (!(error instanceof SetupError) || error.exitCode !== 2) throw error;
        progress(`skipping ${tool.name}, and with it ${tool.usedBy}: ${error.message}`);
      }
    }
  };
}
