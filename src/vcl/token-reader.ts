/** A place in the list of tokens that moves forward while a parser reads. */
import { VclMistake } from './mistake.ts';
import type { Statement } from './syntax.ts';
import { kindName, type Token, type TokenKind, tokenName } from './token.ts';

/** Statements that a dialect has besides VCL 4's, by their first words. */
export type Actions = ReadonlyMap<string, (reader: TokenReader) => Statement>;

const noActions: Actions = new Map();

export class TokenReader {
  readonly actions: Actions;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #expressions = 0;
  #chained = 0;
  #wanted = 'an expression';

  /** @param tokens the last one is EOI */
  constructor(tokens: readonly Token[], actions = noActions) {
    this.#tokens = tokens;
    this.actions = actions;
  }

  get current(): Token {
    return this.#tokens[this.#at] as Token;
  }

  /** What values are taken for where it stands, as far as that is known: a type, for sentences. */
  get wanted(): string {
    return this.#wanted;
  }

  /** The one read last. */
  get previous(): Token {
    return this.#tokens[Math.max(0, this.#at - 1)] as Token;
  }

  peek(ahead = 1): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] as Token;
  }

  /** Reads one token; past EOI there is only EOI. */
  next(): Token {
    const token = this.current;
    if (this.#at < this.#tokens.length - 1) this.#at++;
    return token;
  }

  is(kind: TokenKind): boolean {
    return this.current.kind === kind;
  }

  isWord(text: string): boolean {
    return this.current.kind === 'ID' && this.current.text === text;
  }

  /** Reads one token if it is of that kind. */
  take(kind: TokenKind): Token | undefined {
    return this.is(kind) ? this.next() : undefined;
  }

  /** @throws VclMistake */
  expect(kind: TokenKind): Token {
    if (this.is(kind)) return this.next();
    throw new VclMistake(`Expected ${kindName(kind)} got ${tokenName(this.current)}`, this.current);
  }

  /** Reads a value of a type, or of one that nobody knows yet. */
  wanting<Result>(type: string | undefined, read: () => Result): Result {
    const around = this.#wanted;
    this.#wanted = type ?? 'an expression';
    try {
      return read();
    } finally {
      this.#wanted = around;
    }
  }

  /**
   * Reads something that can contain itself.
   *
   * @throws VclMistake where it does so more often than any person writes, and than the stack can hold
   */
  nested<Result>(read: () => Result): Result {
    if (this.#depth >= DEEPEST) {
      throw new VclMistake(`This is nested more than ${DEEPEST} times.`, this.current);
    }
    this.#depth++;
    try {
      return read();
    } finally {
      this.#depth--;
    }
  }

  /** Reads an expression, by itself or in another one. @throws VclMistake as `nested` and `chained` */
  expression<Result>(read: () => Result): Result {
    if (this.#expressions === 0) this.#chained = 0;
    this.#expressions++;
    try {
      return this.nested(read);
    } finally {
      this.#expressions--;
    }
  }

  /**
   * Counts one more operator of a row, `a + b + c`: each contains what stands in front of it.
   *
   * @throws VclMistake
   */
  chained(): void {
    if (++this.#chained > LONGEST) {
      throw new VclMistake(`This has more than ${LONGEST} operators in a row.`, this.current);
    }
  }

  /** After a mistake: goes on to the next declaration, which begins with one of the words, outside of braces. */
  skipToDeclaration(words: ReadonlySet<string>): void {
    // Where the mistake was inside of braces is not known, but declarations begin at the left margin.
    while (!this.is('EOI')) {
      const { kind, text, source, start } = this.current;
      const isFirstOnLine = start === 0 || source.text[start - 1] === '\n';
      if (kind === 'ID' && isFirstOnLine && words.has(text)) return;
      this.next();
    }
  }
}

const DEEPEST = 200;
const LONGEST = 1_000;
