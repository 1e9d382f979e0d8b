/** The comments of a program, which stand between its tokens, in the order in which it is written again. */
import type { Token } from './token.ts';

export interface Comment {
  readonly text: string;
  /** Whether it stands behind something on its line. */
  readonly isTrailing: boolean;
  /** Whether a blank line follows. */
  readonly isApart: boolean;
}

/** A comment, or a string of an include in between, which may look like one. */
const pieces = /"[^"\n]*"|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

export class Comments {
  readonly #tokens: readonly Token[];
  readonly #order: ReadonlyMap<Token, number>;
  /** The token before which all comments have been taken. */
  #next = 0;
  /** Those before the first token that are not the head. */
  #rest: Comment[] = [];

  constructor(tokens: readonly Token[], order: ReadonlyMap<Token, number>) {
    this.#tokens = tokens;
    this.#order = order;
  }

  /** Takes those before a token that have not been taken yet. */
  until(token: Token): readonly Comment[] {
    const index = this.#order.get(token);
    return index === undefined ? [] : this.#upTo(index);
  }

  /** Takes all that are left. */
  rest(): readonly Comment[] {
    return this.#upTo(this.#tokens.length - 1);
  }

  /**
   * Takes those at the very beginning that a blank line parts from the program, if that begins with a token that is not
   * its own now.
   */
  head(first: Token): readonly Comment[] {
    if (this.#next > 0 || this.#order.has(first)) return [];
    const all = this.#before(0);
    const end = all.findLastIndex(({ isApart }) => isApart) + 1;
    this.#rest = all.slice(end);
    this.#next = 1;
    return all.slice(0, end);
  }

  #upTo(last: number): readonly Comment[] {
    const found = this.#rest.splice(0);
    for (; this.#next <= last; this.#next++) found.push(...this.#before(this.#next));
    return found;
  }

  #before(index: number): Comment[] {
    const token = this.#tokens[index];
    if (token === undefined) return [];
    const previous = this.#tokens[index - 1];
    const { source } = token;
    const start = previous?.source === source ? previous.end : 0;
    const found: Comment[] = [];
    const end = token.kind === 'EOI' ? source.text.length : token.start;
    const text = source.text.slice(start, Math.max(start, end));
    for (const match of text.matchAll(pieces)) {
      if (match[0].startsWith('"')) continue;
      const isTrailing = start > 0 && !text.slice(0, match.index).includes('\n');
      const isApart = /^[ \t\r]*\n[ \t\r]*\n/.test(text.slice(match.index + match[0].length));
      found.push({ text: match[0].trimEnd(), isTrailing, isApart });
    }
    return found;
  }
}
