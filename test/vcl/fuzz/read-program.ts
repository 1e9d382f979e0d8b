/** A program from its text to its hooks, as load-vcl.ts does it, without files and names. */
import type { Config } from '../../../src/config/config.ts';
import type { TroupeError } from '../../../src/errors.ts';
import { buildVclConfig } from '../../../src/vcl/build-vcl-config.ts';
import { check } from '../../../src/vcl/checker.ts';
import { Mistakes } from '../../../src/vcl/mistake.ts';
import { parse } from '../../../src/vcl/parser.ts';
import { printProgram } from '../../../src/vcl/printer.ts';
import { readTokens } from '../../../src/vcl/read-tokens.ts';
import { VclSource } from '../../../src/vcl/source.ts';
import { dialectOf } from '../../../src/vcl/v3/dialect.ts';
import { translateOld } from '../../../src/vcl/v3/translate.ts';
import { knownVmods } from '../../../src/vcl/vmods/known-vmods.ts';

function readNothing(): string {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

/** @returns its mistakes; none: it is right, and its hooks are made */
export function mistakesOfProgram(text: string): readonly TroupeError[] {
  const read = readProgram(text);
  return 'hooks' in read ? [] : read;
}

/** @param text of a program without mistakes */
export function configOf(text: string): Config {
  const read = readProgram(text);
  if ('hooks' in read) return read;
  throw read[0] ?? new Error('a mistake that is not told');
}

function readProgram(text: string): Config | readonly TroupeError[] {
  const mistakes = new Mistakes();
  const order = new Map();
  const tokens = mistakes.guard('lexing', () =>
    readTokens(new VclSource('a.vcl', text), { read: readNothing }),
  );
  if (tokens === undefined) return mistakes.errors(order);
  for (const [index, token] of tokens.entries()) order.set(token, index);
  const dialect = mistakes.guard('reading', () => dialectOf(tokens));
  if (dialect === undefined) return mistakes.errors(order);
  const declarations =
    dialect.name === '3'
      ? translateOld(tokens, order, { saintmodeThreshold: 10 }, mistakes)
      : parse(tokens, mistakes);
  const program = check(declarations, knownVmods, new Map(), mistakes);
  if (!mistakes.isEmpty) return mistakes.errors(order);
  printProgram(declarations, tokens, order);
  return buildVclConfig(program, 'a.vcl');
}
