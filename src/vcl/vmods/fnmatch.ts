/** fnmatch(3), translated into a regular expression once for each pattern and set of flags. */

interface FnmatchFlags {
  /** Wildcards do not match a slash. */
  readonly pathname: boolean;
  /** A backslash is itself. */
  readonly noescape: boolean;
  /** Wildcards do not match a point at the beginning. */
  readonly period: boolean;
}

const compiled = new Map<string, RegExp>();
/** Patterns may be made of requests: no more than so many are kept. */
const MOST_COMPILED = 1_000;

export function fnmatch(pattern: string, subject: string, flags: FnmatchFlags): boolean {
  const key = `${Number(flags.pathname)}${Number(flags.noescape)}${Number(flags.period)}${pattern}`;
  let regex = compiled.get(key);
  if (regex === undefined) {
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    regex = new RegExp(`^${translate(pattern, flags)}$`);
    compiled.set(key, regex);
  }
  return regex.test(subject);
}

function translate(pattern: string, { pathname, noescape, period }: FnmatchFlags): string {
  const any = pathname ? '[^/]' : '[^]';
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at);
    const isFirst = at === 0 || (pathname && pattern.charAt(at - 1) === '/');
    const guard = period && isFirst ? '(?!\\.)' : '';
    if (character === '*') {
      while (pattern.charAt(at + 1) === '*') at++;
      source += `${guard}${any}*`;
    } else if (character === '?') {
      source += guard + any;
    } else if (character === '[') {
      const set = /^\[([!^]?)(\]?[^\]]*)\]/.exec(pattern.slice(at));
      if (set === null) {
        source += '\\[';
        continue;
      }
      const [all, negation, inside = ''] = set;
      source += `${guard}${pathname ? '(?!/)' : ''}[${negation === '' ? '' : '^'}${inside.replace(/[\\\]^[]/g, '\\$&')}]`;
      at += all.length - 1;
    } else if (character === '\\' && !noescape && at + 1 < pattern.length) {
      source += escaped(pattern.charAt(++at));
    } else {
      source += escaped(character);
    }
  }
  return source;
}

function escaped(character: string): string {
  return character.replace(/[$()*+./?[\\\]^{|}-]/, '\\$&');
}
