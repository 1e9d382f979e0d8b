/**
 * From bytes to commands: a command is a line, or a line that ends with `<< WORD` and the text up to that word at the
 * end of a line (varnish-cli(7), "Syntax"). What was read is taken piece by piece, as somebody has time for it.
 */
import { commandWords } from './command-words.ts';

export type Read =
  | { readonly words: readonly string[] }
  /** It cannot be read. */
  | { readonly mistake: string }
  /** It is longer than anybody's command. */
  | { readonly tooLong: number };

/** Bytes of a line from whoever has not shown that he knows the secret; varnishd's. */
const STRANGERS_LINE = 80;
/** Bytes of a command with its text. */
const LONGEST = 16 * 1024 * 1024;

export class CommandReader {
  /** latin1, one character for each byte. */
  #unread = '';
  #searchedTo = 0;
  #before: { readonly words: readonly string[]; readonly end: string } | undefined;

  /** Whether there may be another command in what came. */
  get hasMore(): boolean {
    return this.#unread !== '';
  }

  /** Takes in what came. */
  push(chunk: Uint8Array): void {
    this.#unread += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
  }

  /**
   * Takes the next command out of what came.
   *
   * @param isTrusted false: lines are short, and have no text after them
   * @returns undefined: there is none, as yet
   */
  next(isTrusted: boolean): Read | undefined {
    for (;;) {
      const read = this.#before === undefined ? this.#line(isTrusted) : this.#text();
      if (read !== 'text follows') return read;
    }
  }

  #line(isTrusted: boolean): Read | undefined | 'text follows' {
    if (this.#searchedTo === 0) this.#unread = this.#unread.replace(/^[ \t\n\v\f\r]+/, '');
    let end = this.#lineEnd(this.#searchedTo);
    if (!isTrusted && (end < 0 ? this.#unread.length : end) > STRANGERS_LINE) end = STRANGERS_LINE;
    if (end < 0) return this.#wait();
    if (end > LONGEST) return { tooLong: LONGEST };
    const line = this.#unread.slice(0, end);
    this.#drop(end + 1);
    const parsed = commandWords(line.startsWith('-') ? line.slice(1) : line);
    if (parsed.words === undefined) return { mistake: parsed.mistake };
    const { words } = parsed;
    const last = words.at(-1) ?? '';
    if (!isTrusted || words.at(-2) !== '<<' || last === '') return { words };
    this.#before = { words: words.slice(0, -2), end: last };
    return 'text follows';
  }

  #text(): Read | undefined {
    const { words, end } = this.#before ?? { words: [], end: '\n' };
    for (let from = this.#searchedTo; ; ) {
      const at = this.#unread.indexOf(end, from);
      const after = at < 0 ? '' : this.#unread.charAt(at + end.length);
      if (after === '') {
        this.#searchedTo = at < 0 ? Math.max(0, this.#unread.length - end.length + 1) : at;
        return this.#unread.length > LONGEST ? { tooLong: LONGEST } : undefined;
      }
      if (after === '\n' || after === '\r') {
        const text = this.#unread.slice(0, at);
        this.#before = undefined;
        this.#drop(at + end.length + 1);
        return { words: [...words, text] };
      }
      from = at + 1;
    }
  }

  #wait(): Read | undefined {
    this.#searchedTo = this.#unread.length;
    return this.#unread.length > LONGEST ? { tooLong: LONGEST } : undefined;
  }

  #lineEnd(from: number): number {
    const newline = this.#unread.indexOf('\n', from);
    const carriage = this.#unread.indexOf('\r', from);
    return newline < 0 || (carriage >= 0 && carriage < newline) ? carriage : newline;
  }

  #drop(count: number): void {
    this.#unread = this.#unread.slice(count);
    this.#searchedTo = 0;
  }
}
