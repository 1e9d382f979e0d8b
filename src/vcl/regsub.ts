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
  if (!replacement.includes('\\')) return replacement;
  return replacement.replace(/\\([\s\S])/g, (_all, character: string) => {
    if (character < '0' || character > '9') return character;
    return texts[Number(character)] ?? '';
  });
}
