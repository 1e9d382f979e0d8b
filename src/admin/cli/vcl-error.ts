/** What is wrong with a VCL program, as varnishd's compiler says it. */
import { readFileSync } from 'node:fs';
import { mistakesOf } from '../../config/combined-error.ts';
import { type Place, TroupeError } from '../../errors.ts';
import type { CliReply } from './cli-reply.ts';
import { wrong } from './cli-reply.ts';
import { replyOfError } from './reply-of-error.ts';

/** @param text of a program that is in no file */
export function replyOfVclError(error: unknown, text?: string): CliReply {
  if (!(error instanceof TroupeError)) return replyOfError(error);
  switch (error.code) {
    case 'config.syntax':
    case 'config.invalid':
    case 'config.unresolvable': {
      const mistakes = mistakesOf(error).map((mistake) => described(mistake, text));
      return compilerFailed(mistakes.join('\n'));
    }
    default:
      return replyOfError(error);
  }
}

export function compilerFailed(message: string): CliReply {
  return wrong(
    `Message from VCC-compiler:\n${message}\nRunning VCC-compiler failed, exited with 2\nVCL compilation failed`,
  );
}

function described({ message, advice, place, trail }: TroupeError, text: string | undefined): string {
  const said = advice === undefined ? compilerWords(message) : `${compilerWords(message)}\n${advice}`;
  if (place === undefined) return `${said}\n`;
  const at = message.startsWith('Symbol not found') ? 'At: ' : '';
  const steps = trail.map((step) => `\n\n...${step.message}\n${shownPlace(step.place, text)}`);
  return `${said}\n${at}${shownPlace(place, text)}${steps.join('')}`;
}

/** Where varnishd's compiler breaks its lines: scripts look for pieces of them. */
function compilerWords(message: string): string {
  return message.replace(
    /^Expected one of (.*)('\w+') or ('\w+')\. Found: ('.*')$/s,
    'Expected one of\n\t$1$2,  or $3\nFound: $4 at',
  );
}

/** Columns of a tab, which the compiler counts and shows as blanks. */
const TAB = 8;

function shownPlace({ file, line, column, length = 1 }: Place, text: string | undefined): string {
  const source = lineOf(file, line, text);
  if (source === undefined) return `('${file}' Line ${line} Pos ${column})\n`;
  const start = untabbed(source.slice(0, column - 1)).length;
  const end = untabbed(source.slice(0, column - 1 + length)).length;
  const whole = untabbed(source);
  const mark = '-'.repeat(start) + '#'.repeat(end - start) + '-'.repeat(Math.max(0, whole.length - end));
  return `('${file}' Line ${line} Pos ${start + 1})\n${whole}\n${mark}\n`;
}

function untabbed(source: string): string {
  let shown = '';
  for (const one of source) shown += one === '\t' ? ' '.repeat(TAB - (shown.length % TAB)) : one;
  return shown;
}

function lineOf(file: string, line: number, text: string | undefined): string | undefined {
  try {
    return (file.startsWith('<') ? text : readFileSync(file, 'utf8'))?.split('\n')[line - 1];
  } catch {
    return undefined;
  }
}
