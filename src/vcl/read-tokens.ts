/**
 * Reads a VCL file and the files that it includes: `include "x";` stands for the tokens of that file, wherever it is
 * written.
 */
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { globFiles } from './glob-files.ts';
import { lex } from './lexer.ts';
import { VclMistake } from './mistake.ts';
import { VclSource } from './source.ts';
import type { Token } from './token.ts';

/** Bytes; more is no program. */
const MOST_BYTES = 64 * 1024 * 1024;

/** varnishd's vcl_path, searched after the folder of the including file. */
const libraryFolders = ['/etc/varnish', '/usr/share/varnish/vcl'];

/** Gives a file's bytes as latin1, or throws an error of node's. */
type ReadText = (file: string) => string;

export function readText(file: string): string {
  const bytes = readFileSync(file);
  if (bytes.length > MOST_BYTES) throw new Error(`it has ${bytes.length} bytes, and may have ${MOST_BYTES}`);
  return bytes.toString('latin1');
}

export interface IncludeRules {
  readonly read: ReadText;
  /** Where files are looked for that are included by name. Default: varnishd's vcl_path. */
  readonly folders?: readonly string[] | undefined;
  /** Whether a name may have a slash in it. Default: true. */
  readonly allowsPaths?: boolean | undefined;
}

/**
 * @returns the tokens of the program, in its order; the last one is EOI
 * @throws VclMistake
 */
export function readTokens(source: VclSource, rules: IncludeRules): Token[] {
  const tokens: Token[] = [];
  append(source, rules, [], tokens);
  // What is missing at the end is told of behind the last thing that is there, and not lines of comments below.
  const last = tokens.findLast((token) => token.source === source);
  const end = last?.end ?? 0;
  tokens.push({ kind: 'EOI', source, start: end, end, text: '' });
  return tokens;
}

/** @param around the files that include this one, outermost first */
function append(source: VclSource, rules: IncludeRules, around: readonly string[], tokens: Token[]): void {
  const own = lex(source);
  for (let at = 0; at < own.length - 1; at++) {
    const token = own[at] as Token;
    if (token.kind !== 'ID' || token.text !== 'include') {
      tokens.push(token);
      continue;
    }
    const flags = includeFlags(own, at + 1);
    const place = at + 1 + 2 * flags.count;
    const path = own[place] as Token;
    if (path.kind !== 'CSTR') throw new VclMistake('include not followed by string constant.', path);
    if (own[place + 1]?.kind !== ';') {
      throw new VclMistake('include <string> not followed by semicolon.', path);
    }
    const chain = [...around, source.file];
    for (const name of namesOf(path, flags.isGlob, source.file, rules)) {
      const included = open(name, path, source.file, rules);
      if (chain.includes(included.file)) {
        throw new VclMistake(`Recursive use of file "${included.file}"`, path);
      }
      append(included, rules, chain, tokens);
    }
    at = place + 1;
  }
}

/** `+glob`, or `-glob`; the last one holds. */
function includeFlags(tokens: readonly Token[], from: number): { count: number; isGlob: boolean } {
  const flags = { count: 0, isGlob: false };
  for (let at = from; ; at += 2) {
    const [sign, flag] = tokens.slice(at, at + 2);
    if (sign === undefined || flag === undefined || (sign.kind !== '+' && sign.kind !== '-')) return flags;
    if (sign.end !== flag.start || flag.kind !== 'ID') throw new VclMistake('Expected a flag at:', sign);
    if (flag.text !== 'glob') throw new VclMistake('Unknown include flag:', flag);
    flags.isGlob = sign.kind === '+';
    flags.count++;
  }
}

/** The names of the files that an include means. @throws VclMistake */
function namesOf(path: Token, isGlob: boolean, from: string, { allowsPaths = true }: IncludeRules): string[] {
  const name = Buffer.from(path.text, 'latin1').toString('utf8');
  const isRelative = name.startsWith('./') || name.startsWith('../');
  if (isRelative && !isAbsolute(from)) {
    throw new VclMistake('include "./xxxxx"; needs absolute filename of including file.', path);
  }
  if (!allowsPaths && name.includes('/')) {
    throw new VclMistake(`'${name}' is unsafe: a slash is not allowed here, by vcc_unsafe_path.`, path);
  }
  if (!isGlob) return [name];
  const files = globFiles(resolve(dirname(resolve(from)), name));
  if (files.length === 0) throw new VclMistake('glob pattern matched no files.', path);
  return files;
}

function open(name: string, path: Token, from: string, rules: IncludeRules): VclSource {
  const { read, folders = libraryFolders } = rules;
  const isRelative = name.startsWith('./') || name.startsWith('../');
  const folder = dirname(resolve(from));
  const candidates =
    isAbsolute(name) || isRelative
      ? [resolve(folder, name)]
      : [...(isAbsolute(from) ? [folder] : []), ...folders].map((place) => join(place, name));
  let reason = '';
  for (const file of candidates) {
    try {
      return new VclSource(file, read(file));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      reason ||= code === 'ENOENT' ? 'No such file or directory' : message;
    }
  }
  throw new VclMistake(`Cannot read file '${name}' (${reason})`, path);
}
