/**
 * The words of a command, by the rules of varnish-cli(7): white space separates; within double quotes it does not;
 * a backslash stands before n, r, t, a quote, itself, three octal or two hexadecimal digits.
 *
 * Text here is latin1, one character for each byte.
 */

type ParsedWords =
  | { readonly words: readonly string[]; readonly mistake?: undefined }
  | { readonly words?: undefined; readonly mistake: string };

const INVALID_BACKSLASH = { mistake: 'Invalid backslash sequence' };
const SPACE = ' \t\n\v\f\r';

/** Splits a line into words. A zero byte ends it. */
export function commandWords(line: string): ParsedWords {
  const zero = line.indexOf('\0');
  const end = zero < 0 ? line.length : zero;
  const words: string[] = [];
  let at = 0;
  let wasQuoted = false;
  while (at < end) {
    const first = line.charAt(at);
    if (SPACE.includes(first)) {
      wasQuoted = false;
      at++;
      continue;
    }
    const isQuoted = first === '"';
    if (isQuoted && wasQuoted) return { mistake: 'Missing separator between arguments' };
    if (isQuoted) at++;
    let word = '';
    for (;;) {
      if (at >= end) {
        if (isQuoted) return { mistake: `Missing '"'` };
        break;
      }
      const character = line.charAt(at);
      if (character === '\\') {
        const escaped = escapeAt(line, at, end);
        if (escaped === undefined) return INVALID_BACKSLASH;
        word += escaped.text;
        at += escaped.length;
        continue;
      }
      if (isQuoted ? character === '"' : SPACE.includes(character)) break;
      if (character === '"') return { mistake: `Invalid '"'` };
      word += character;
      at++;
    }
    words.push(word);
    at++;
    wasQuoted = isQuoted;
  }
  return { words };
}

const letters: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function escapeAt(line: string, at: number, end: number): { text: string; length: number } | undefined {
  if (at + 1 >= end) return undefined;
  const letter = line.charAt(at + 1);
  const plain = letters[letter];
  if (plain !== undefined) return { text: plain, length: 2 };
  const octal = /^[0-7]{1,3}/.exec(line.slice(at + 1, Math.min(at + 4, end)));
  if (octal !== null) {
    const code = Number.parseInt(octal[0], 8) & 0xff;
    return { text: String.fromCharCode(code), length: 1 + octal[0].length };
  }
  const hex = letter === 'x' ? /^[0-9a-f]{2}$/i.exec(line.slice(at + 2, Math.min(at + 4, end))) : null;
  return hex === null ? undefined : { text: String.fromCharCode(Number.parseInt(hex[0], 16)), length: 4 };
}
