/** Inputs for the fuzz of VCL's front end: right programs and wrong ones, mutated, soups of tokens, and bytes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lex } from '../../../src/vcl/lexer.ts';
import { VclSource } from '../../../src/vcl/source.ts';
import { integer, oneOf } from '../../support/draw.ts';
import { readWrongPrograms } from '../wrong-programs/wrong-programs.ts';

const words = [
  'vcl 4.1;',
  'sub',
  'backend',
  'acl',
  'probe',
  'import',
  'std',
  'directors',
  'from',
  'include',
  'none',
  'default',
  'vcl_recv',
  'vcl_init',
  'vcl_deliver',
  'vcl_backend_response',
  'vcl_synth',
  'vcl_fetch',
  'vcl_error',
  'if',
  'else',
  'elseif',
  'set',
  'unset',
  'call',
  'return',
  'new',
  'synthetic',
  'hash_data',
  'ban',
  'regsub',
  'req',
  'bereq',
  'beresp',
  'resp',
  'obj',
  'http',
  'url',
  'method',
  'status',
  'ttl',
  'client',
  'ip',
  'now',
  'host',
  'pass',
  'hash',
  'deliver',
  'synth',
  'fail',
  'round_robin',
  'random',
  'add_backend',
  'true',
  'false',
  'error',
  'purge',
  '{',
  '}',
  '{',
  '}',
  '(',
  ')',
  '(',
  ')',
  ';',
  ';',
  ';',
  '.',
  '.',
  '.',
  ',',
  '=',
  '==',
  '!=',
  '~',
  '!~',
  '!',
  '<',
  '>',
  '<=',
  '>=',
  '&&',
  '||',
  '+',
  '-',
  '*',
  '/',
  '%',
  '+=',
  '-=',
  '++',
  '--',
  '<<',
  '&',
  '|',
  '1',
  '0',
  '80',
  '1.5',
  '10s',
  '2KB',
  '"a"',
  '"127.0.0.1"',
  '"/x(y)*"',
  '""',
  '{"a"}',
  '"""b"""',
  '"',
  '{"',
  '"}',
  '"""',
  ':YQ==:',
  ':',
  '/*',
  '*/',
  '//',
  '#',
  '\n',
  'C{',
  '}C',
  'a',
  'b',
  'x_1',
  'é',
  '\0',
  '@',
  '$',
  "'",
  '\\',
] as const;

const folder = join(import.meta.dirname, '..');

/** Whole programs, as far as the tests beside have them; more than half are right. */
export async function seedPrograms(): Promise<[string, ...string[]]> {
  const programs = (await readWrongPrograms()).map(({ files }) => files.get('main.vcl') ?? '');
  const everything = readFileSync(join(import.meta.dirname, 'everything.vcl'), 'latin1');
  for (let i = 0; i < 300; i++) programs.push(everything);
  for (const name of readdirSync(join(folder, 'reference/examples'))) {
    if (!name.endsWith('.vcl')) continue;
    const example = readFileSync(join(folder, 'reference/examples', name), 'latin1');
    for (let i = 0; i < 10; i++) programs.push(example);
  }
  return ['vcl 4.1; backend b { .host = "127.0.0.1"; }', ...programs];
}

export function randomProgram(random: () => number, seeds: readonly [string, ...string[]]): string {
  switch (integer(random, 0, 3)) {
    case 0:
      return Array.from({ length: integer(random, 0, 60) }, () => oneOf(random, words)).join(
        oneOf(random, [' ', '', '\n']),
      );
    case 1:
      return Array.from({ length: integer(random, 0, 80) }, () =>
        String.fromCharCode(integer(random, 0, 255)),
      ).join('');
    case 2:
      return mutated(random, oneOf(random, seeds));
    default:
      return shuffled(random, oneOf(random, seeds), oneOf(random, seeds));
  }
}

/** Bytes left out, put in, doubled and changed. */
function mutated(random: () => number, program: string): string {
  let text = program;
  for (let left = integer(random, 1, 4); left > 0; left--) {
    const at = integer(random, 0, text.length);
    const length = integer(random, 0, 12);
    const [before, inside, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
    const put = oneOf(random, [
      '',
      inside + inside,
      oneOf(random, words),
      String.fromCharCode(integer(random, 0, 255)),
    ]);
    text = before + put + after;
  }
  return text;
}

/** Tokens of a program left out, moved, and replaced by those of another. */
function shuffled(random: () => number, program: string, other: string): string {
  const [own, others] = [pieces(program), pieces(other)];
  for (let left = integer(random, 1, 5); left > 0; left--) {
    const at = integer(random, 0, own.length);
    const from = integer(random, 0, others.length);
    own.splice(at, integer(random, 0, 3), ...others.slice(from, from + integer(random, 0, 8)));
  }
  return own.join(' ');
}

function pieces(program: string): string[] {
  try {
    const source = new VclSource('', program);
    return lex(source).map(({ start, end }) => program.slice(start, end));
  } catch {
    return program.split(/\b/);
  }
}
