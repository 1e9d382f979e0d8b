/**
 * Which Varnish a program was written for. Programs of Varnish 4 and later say so on their first line; where that is
 * missing, what only one of the two has tells.
 */
import { VclMistake } from '../mistake.ts';
import type { Token } from '../token.ts';

/** Something that only one of the two has. */
interface Mark {
  /** As a sentence names it. */
  readonly what: string;
  readonly first: Token;
  readonly last: Token;
  readonly index: number;
}

export interface Dialect {
  /** `unknown`: nothing tells. */
  readonly name: '3' | '4' | 'unknown';
  /** Whether the program says which version of VCL it is. */
  readonly hasVersion: boolean;
}

const oldSubs = new Set(['vcl_fetch', 'vcl_error']);
const newSubs = /^vcl_(?:synth|purge|backend_\w+|builtin_\w+|req_\w+|beresp_\w+)$/;

const oldNames = new Set([
  'req.request',
  'req.backend',
  'req.backend.healthy',
  'bereq.request',
  'beresp.saintmode',
  'beresp.response',
  'beresp.backend.port',
  'obj.response',
  'obj.lastuse',
  'resp.response',
  'server.port',
]);
const newNames =
  /^(?:req\.method|req\.backend_hint|bereq\.(?:method|backend|retries|uncacheable|body)|beresp\.(?:reason|uncacheable|age|body)|resp\.(?:reason|body)|obj\.(?:reason|age|uncacheable)|(?:local|remote|sess|req_top)\..*)$/;

const oldActions = new Set(['error', 'rollback', 'panic', 'ban_url', 'remove']);
const newReturns = new Set(['abandon', 'fail', 'purge', 'retry', 'synth', 'vcl']);
const newModules = new Set(['directors', 'saintmode', 'purge']);

/**
 * @throws VclMistake the program has something of both, and both are named
 */
export function dialectOf(tokens: readonly Token[]): Dialect {
  let [old, current]: (Mark | undefined)[] = [];
  let hasVersion = false;
  const seen = (dialect: '3' | '4', what: string, index: number, length = 1): void => {
    const mark = { what, first: tokens[index] as Token, last: tokens[index + length - 1] as Token, index };
    if (dialect === '3') old ??= mark;
    else current ??= mark;
  };
  let depth = 0;
  let sub = '';
  for (const [index, { kind, text, source, start }] of tokens.entries()) {
    const next = tokens[index + 1];
    const isFirst = isStatementStart(tokens[index - 1]);
    if (kind === '{') depth++;
    else if (kind === '}') depth--;
    else if (kind === 'CSTR' && source.text.startsWith('"""', start)) seen('4', 'a string in """', index);
    else if (kind === '.' && next?.text === 'saintmode_threshold')
      seen('3', '.saintmode_threshold', index, 2);
    if (kind !== 'ID') continue;
    if (depth === 0) {
      const name = next?.text ?? '';
      if (text === 'vcl' && next?.kind === 'FNUM') {
        hasVersion = true;
        seen('4', `vcl ${name};`, index, 2);
      } else if (text === 'director' && isFirst) seen('3', 'director', index);
      else if (text === 'import' && newModules.has(name)) seen('4', `import ${name}`, index, 2);
      else if (text === 'sub' && next?.kind === 'ID') {
        sub = name;
        if (oldSubs.has(name)) seen('3', name, index, 2);
        else if (newSubs.test(name)) seen('4', name, index, 2);
      }
      continue;
    }
    if (tokens[index - 1]?.kind === '.') continue;
    if (isFirst && isOldAction(text, next)) seen('3', text, index);
    else if (isFirst && text === 'new' && next?.kind === 'ID') seen('4', text, index);
    else if (text === 'return' && next?.kind === '(') {
      const word = tokens[index + 2]?.text ?? '';
      const dialect = returnOf(word, sub);
      if (dialect !== undefined) seen(dialect, `return (${word})`, index, 3);
    } else {
      const { name, length } = chainAt(tokens, index);
      if (oldNames.has(name)) seen('3', name, index, length);
      else if (newNames.test(name)) seen('4', name, index, length);
    }
  }
  if (old !== undefined && current !== undefined) throw mixed(old, current);
  return { name: old !== undefined ? '3' : current !== undefined ? '4' : 'unknown', hasVersion };
}

function mixed(old: Mark, current: Mark): VclMistake {
  // A program that says what it is is right about that.
  const wrong = current.what.startsWith('vcl ') || old.index > current.index ? old : current;
  const other = wrong === old ? current : old;
  const { line } = other.first.source.place(other.first.start, other.first.end);
  return new VclMistake(
    `'${old.what}' is of Varnish 3, and '${current.what}' of Varnish 4 and later: one program cannot have both.`,
    wrong.first,
    wrong.last,
    `'${other.what}' is on line ${line}. Write all of it for the one or for the other.`,
  );
}

function isStatementStart(previous: Token | undefined): boolean {
  return previous === undefined || previous.kind === ';' || previous.kind === '{' || previous.kind === '}';
}

function isOldAction(word: string, next: Token | undefined): boolean {
  if (word === 'purge') return next?.kind === ';';
  if (word === 'synthetic') return next?.kind !== '(';
  return oldActions.has(word) && next?.kind !== '.';
}

function returnOf(word: string, sub: string): '3' | '4' | undefined {
  if (word === 'hit_for_pass') return '3';
  if (newReturns.has(word)) return '4';
  switch (sub) {
    case 'vcl_hash':
      return word === 'hash' ? '3' : word === 'lookup' ? '4' : undefined;
    case 'vcl_recv':
      return word === 'lookup' ? '3' : word === 'hash' || word === 'restart' ? '4' : undefined;
    case 'vcl_pass':
      return word === 'pass' ? '3' : word === 'fetch' ? '4' : undefined;
    default:
      return undefined;
  }
}

function chainAt(
  tokens: readonly Token[],
  index: number,
): { readonly name: string; readonly length: number } {
  let name = tokens[index]?.text ?? '';
  let length = 1;
  while (tokens[index + length]?.kind === '.' && tokens[index + length + 1]?.kind === 'ID') {
    name += `.${tokens[index + length + 1]?.text}`;
    length += 2;
  }
  return { name, length };
}
