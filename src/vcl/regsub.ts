/** regsub() and regsuball(): vcl(7). In the replacement `\0` to `\9` are groups, and `\x` is `x`. */
import type { RegexMatch, VclRegex } from './regex.ts';

export type Regsub = (subject: string | undefined, replacement: string | undefined) => string;

/** Compiled once, when a config is loaded. @param all whether every match is replaced, or the first one */
export function createRegsub(regex: VclRegex, all: boolean): Regsub {
  return (subject = '', replacement = '') => {
    let match = regex.exec(subject);
    if (match === undefined) return subject;
    let result = '';
    let from = 0;
    do {
      result += subject.slice(from, match.start) + expand(replacement, match);
      from = match.end;
      match = all ? regex.exec(subject, from, false) : undefined;
    } while (match !== undefined);
    return result + subject.slice(from);
  };
}

function expand(replacement: string, { texts }: RegexMatch): string {
  let at = replacement.indexOf('\\');
  if (at < 0) return replacement;
  let result = '';
  let from = 0;
  // A backslash that nothing follows is itself.
  while (at >= 0 && at + 1 < replacement.length) {
    const code = replacement.charCodeAt(at + 1);
    const isDigit = code >= 0x30 && code <= 0x39;
    result +=
      replacement.slice(from, at) + (isDigit ? (texts[code - 0x30] ?? '') : replacement.charAt(at + 1));
    from = at + 2;
    at = replacement.indexOf('\\', from);
  }
  return result + replacement.slice(from);
}
