#!/usr/bin/env node
// gridlock <command> [arguments]: prints help, or makes the checkout ready for the command and runs it on the pinned
// Node. Runs on any Node from 20 on, without a single package: everything here is plain JavaScript without imports
// from node_modules.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** Written by catalog.ts: the help of every command, and what the set-up installs for it. */
const CATALOG = JSON.parse(readFileSync(new URL('catalog.json', import.meta.url), 'utf8'));
const HELP_FLAGS = ['--help', '-h'];

/** The longest run of words that names a command, such as `certs init`. */
function commandOf(words) {
  const pair = words.slice(0, 2).join(' ');
  return Object.hasOwn(CATALOG, pair) ? pair : words[0];
}

function helpFor(args) {
  const words = args.filter((arg) => !arg.startsWith('-'));
  if (words[0] === 'help') words.shift();
  return commandOf(words) ?? '';
}

function wantsHelp(args) {
  if (args.length === 0 || args[0] === 'help') return true;
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).some((arg) => HELP_FLAGS.includes(arg));
}

/** The number of letters to change, add or remove to turn one word into the other. */
function distance(from, to) {
  let row = [...to, ''].map((_, index) => index);
  for (const [index, letter] of [...from].entries()) {
    const next = [index + 1];
    for (let at = 0; at < to.length; at += 1) {
      next.push(Math.min(row[at + 1] + 1, next[at] + 1, row[at] + (letter === to[at] ? 0 : 1)));
    }
    row = next;
  }
  return row[to.length];
}

function refuseUnknown(name) {
  const near = Object.keys(CATALOG).filter((each) => each !== '' && distance(name, each) <= 2);
  const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : 'gridlock help lists the commands.';
  process.stderr.write(`There is no command ${name}: ${hint}\n`);
  process.exit(2);
}

/** Refuses a flag that the command does not have, before anything is installed for it. */
function refuseUnknownFlag(args) {
  const name = commandOf(args.filter((arg) => !arg.startsWith('-')));
  const { flags } = CATALOG[name];
  // With --json the refusal is JSON as well, which the command prints.
  if (!flags || (flags['--json'] === false && args.includes('--json'))) return;
  const end = args.indexOf('--');
  let isValue = false;
  for (const arg of args.slice(0, end < 0 ? args.length : end)) {
    const [flag] = arg.split('=');
    if (!isValue && /^--./.test(flag) && !Object.hasOwn(flags, flag)) {
      const near = Object.keys(flags).filter((each) => distance(flag, each) <= 2);
      const hint = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `gridlock help ${name} lists its flags.`;
      process.stderr.write(`There is no flag ${flag}: ${hint}\n`);
      process.exit(2);
    }
    isValue = !isValue && flags[arg] === true;
  }
}

async function main(args) {
  const name = wantsHelp(args) ? helpFor(args) : args[0];
  if (!Object.hasOwn(CATALOG, name)) refuseUnknown(name);
  if (wantsHelp(args)) {
    process.stdout.write(CATALOG[name].help);
    return;
  }
  const { profile } = CATALOG[commandOf(args.filter((arg) => !arg.startsWith('-')))];
  refuseUnknownFlag(args);
  const { PROFILES, setUp } = await import('../infra/setup/run.mjs');
  const { runScript } = await import('../infra/setup/runtime.mjs');
  await setUp(ROOT, name === 'setup' && PROFILES.includes(args[1]) ? args[1] : profile);
  runScript(ROOT, ['cli/main.ts', ...args]);
}

await main(process.argv.slice(2));
