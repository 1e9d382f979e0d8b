/** The comments of a program, which stand between its tokens, in the order in which it is written again. */
import type { Token } from './token.ts';

export interface Comment {
  readonly text: string;
  /** Whether it stands behind something on its line. */
  readonly isTrailing: boolean;
}

/** A comment, or a string of an include in between, which may look like one. */
const pieces = /"[^"\n]*"|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;

export class Comments {
  readonly #tokens: readonly Token[];
  readonly #order: ReadonlyMap<Token, number>;
  /** The token before which all comments have been taken. */
  #next = 0;

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

  #upTo(last: number): readonly Comment[] {
    const found: Comment[] = [];
    for (; this.#next <= last; this.#next++) found.push(...this.#before(this.#next));
    return found;
  }

  #before(index: number): readonly Comment[] {
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
      found.push({ text: match[0].trimEnd(), isTrailing });
    }
    return found;
  }
}
