/** regsub() and regsuball(): vcl(7). In the replacement `\0` to `\9` are groups, and `\x` is `x`. */
import type { TranslatedRegex } from './regex.ts';

export type Regsub = (subject: string | undefined, replacement: string | undefined) => string;

/** Compiled once, when a config is loaded. @param all whether every match is replaced, or the first one */
export function createRegsub({ source, groups }: TranslatedRegex, all: boolean): Regsub {
  const pattern = new RegExp(source, 'g');
  // The rest of the text behind a match is shorter than before it, unless the match is empty. Tried only then.
  let notEmpty: RegExp | undefined;
  function search(text: string, from: number, mayBeEmpty: boolean): RegExpExecArray | null {
    pattern.lastIndex = from;
    const match = pattern.exec(text);
    if (match === null || match[0] !== '' || mayBeEmpty) return match;
    notEmpty ??= new RegExp(`(?=(?<rest>[^]*))(?:${shifted(source)})(?!\\k<rest>$)`, 'g');
    notEmpty.lastIndex = from;
    const found = notEmpty.exec(text);
    // Without the group that was put in front.
    found?.splice(1, 1);
    return found;
  }
  return (subject = '', replacement = '') => {
    let match = search(subject, 0, true);
    if (match === null) return subject;
    let result = '';
    let from = 0;
    do {
      result += subject.slice(from, match.index) + expand(replacement, match, groups);
      from = match.index + match[0].length;
      match = all ? search(subject, from, false) : null;
    } while (match !== null);
    return result + subject.slice(from);
  };
}

/** One more group in front: references point one further. */
function shifted(source: string): string {
  return source.replace(/\(\?:\\(\d+)\)|\)\\(\d+)\)/g, (all, reference?: string, atomic?: string) => {
    if (reference !== undefined) return `(?:\\${Number(reference) + 1})`;
    return atomic === undefined ? all : `)\\${Number(atomic) + 1})`;
  });
}

function expand(replacement: string, match: RegExpExecArray, groups: readonly number[]): string {
  if (!replacement.includes('\\')) return replacement;
  return replacement.replace(/\\(.)/gs, (_all, character: string) => {
    if (character < '0' || character > '9') return character;
    const group = groups[Number(character)];
    return group === undefined ? '' : (match[group] ?? '');
  });
}
