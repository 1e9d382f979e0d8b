/** `vcl.load`, `vcl.inline`: configs come in, from files and as text. */
import { readFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { TroupeError } from '../../../errors.ts';
import type { WantedState } from '../../config-shelf.ts';
import type { CliCall, CliCommand } from '../cli-command.ts';
import { type CliReply, cannot, reply, wrong } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';
import { compilerFailed, replyOfVclError } from '../vcl-error.ts';
import { invalidName, wantedState } from '../vcl-names.ts';

export const vclLoadCommands: readonly CliCommand[] = [
  {
    name: 'vcl.load',
    syntax: 'vcl.load <configname> <filename> [auto|cold|warm]',
    help: 'Compile and load the VCL file under the name provided.',
    least: 2,
    most: 3,
    run: ({ stage, args: [name = '', file = '', wanted] }) =>
      load(stage, name, wanted, () => loadFile(stage, name, file)),
  },
  {
    name: 'vcl.inline',
    syntax: 'vcl.inline <configname> <quoted_VCLstring> [auto|cold|warm]',
    help: 'Compile and load the VCL data under the name provided.',
    least: 2,
    most: 3,
    run: ({ stage, args: [name = '', , wanted], bytes: [, text = ''] }: CliCall) =>
      load(stage, name, wanted, () => loadText(stage, name, '<vcl.inline>', text)),
  },
];

/** @param work loads it; what it returns is a refusal */
async function load(
  { shelf, parameters, operated }: CliStage,
  name: string,
  state: string | undefined,
  work: () => Promise<CliReply | undefined>,
): Promise<CliReply> {
  const invalid = invalidName(name);
  if (invalid !== undefined) return invalid;
  if (shelf.find(name) !== undefined) return wrong(`Already a VCL named ${name}`);
  const loaded = shelf.entries().filter(({ kind }) => kind === 'config').length;
  const most = parameters.number('max_vcl');
  const handling = parameters.number('max_vcl_handling');
  const advice = '(See max_vcl and max_vcl_handling parameters)';
  if (loaded >= most && handling === 2) {
    return cannot(`Too many (${loaded}) VCLs already loaded\n${advice}`);
  }
  const wanted: WantedState | CliReply = state === undefined ? 'auto' : wantedState(state);
  if (typeof wanted === 'object') return wanted;
  const refusal = await work();
  if (refusal !== undefined) return refusal;
  await shelf.setState(name, wanted);
  if (loaded + 1 <= most || handling !== 1) return reply(operated.isServing ? '' : 'VCL compiled.\n');
  return reply(`${loaded + 1} VCLs loaded\nRemember to vcl.discard the old/unused VCLs.\n${advice}`);
}

const modules: ReadonlySet<string> = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

async function loadFile(stage: CliStage, name: string, file: string): Promise<CliReply | undefined> {
  const found = locate(stage, file);
  if ('why' in found) return compilerFailed(`Cannot read file '${file}' (${found.why})`);
  const { path, text } = found;
  if (!modules.has(extname(path))) return loadText(stage, name, path, text);
  await stage.operated.load(name, path);
  return undefined;
}

async function loadText(
  { operated }: CliStage,
  name: string,
  origin: string,
  text: string,
): Promise<CliReply | undefined> {
  try {
    await operated.loadVcl(name, origin, text);
    return undefined;
  } catch (error) {
    const failed = error as TroupeError;
    if (failed.code === 'config.hook-failed') {
      const { message } = failed.cause instanceof Error ? failed.cause : failed;
      return cannot(`VCL "${name}" Failed initialization\nMessage:\n\t${message}\n`);
    }
    return replyOfVclError(error, Buffer.from(text, 'latin1').toString('utf8'));
  }
}

/** As varnishd: a relative name is looked for along vcl_path; and then in the folder where Troupe was started. */
function locate({ parameters }: CliStage, file: string): { path: string; text: string } | { why: string } {
  const folders = file.startsWith('/') ? ['/'] : [...parameters.shown('vcl_path').split(':'), process.cwd()];
  let why = 'No such file or directory';
  for (const folder of folders) {
    const path = resolve(folder, file);
    try {
      return { path, text: readFileSync(path, 'latin1') };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') why = code === 'EISDIR' ? 'Is a directory' : message;
    }
  }
  return { why };
}
